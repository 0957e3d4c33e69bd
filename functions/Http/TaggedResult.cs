using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IRFunctions.Http;

/// <summary>
/// An answer with its ETag (RFC 9110, section 8.8.3): who has it already gets 304 without a body. Where the answer shows something that
/// people change, the tag begins with the tag of that alone, and a change may carry it as If-Match.
/// </summary>
/// <param name="value">The body.</param>
/// <param name="version">What a change would change; null where nothing of it can be.</param>
internal sealed class TaggedResult(object value, object? version = null) : OkObjectResult(value)
{
    /// <summary>How answers are written. The same as MVC's, which writes the others.</summary>
    public static JsonSerializerOptions Json { get; } =
        new(JsonSerializerDefaults.Web)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };

    /// <summary>Tag of a version, as it stands before the hyphen.</summary>
    public static string VersionOf(object version) => Hash(JsonSerializer.SerializeToUtf8Bytes(version, version.GetType(), Json));

    /// <summary>The problem to answer a change with where the caller saw another version than there is now; null where not.</summary>
    public static IActionResult? Changed(HttpRequest request, object version)
    {
        if (request.Headers.IfMatch.Count == 0)
            return null;
        var now = VersionOf(version);
        var seen = Tags(request.Headers.IfMatch).Select(t => t.Split('-')[0]);
        return seen.Any(t => t == "*" || t == now)
            ? null
            : ProblemResults.Of(
                412,
                "changed-since",
                "It has changed since you looked",
                "Nothing was done. Read it again, and send the new ETag as If-Match."
            );
    }

    public override async Task ExecuteResultAsync(ActionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (request, response) = (context.HttpContext.Request, context.HttpContext.Response);
        var body = JsonSerializer.SerializeToUtf8Bytes(Value, Value!.GetType(), Json);
        var tag = version is null ? Hash(body) : $"{VersionOf(version)}-{Hash(body)}";
        response.Headers.ETag = $"\"{tag}\"";
        response.Headers.CacheControl = "private, no-cache"; // May be kept, and is asked about each time.
        if (Tags(request.Headers.IfNoneMatch).Any(t => t == "*" || t == tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.Body.WriteAsync(body, context.HttpContext.RequestAborted);
    }

    private static IEnumerable<string> Tags(IEnumerable<string?> header) =>
        header
            .SelectMany(h => (h ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(t => (t.StartsWith("W/", StringComparison.Ordinal) ? t[2..] : t).Trim('"'));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12));
}
