using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;

namespace IRFunctions.Http;

/// <summary>
/// Where a page ended: keys of the last row, never a number of rows, so that what is written meanwhile neither hides a row nor shows one
/// twice. It belongs to the filter that it was made with.
/// </summary>
internal static class Continuation
{
    /// <param name="query">The filter and page as they were asked for.</param>
    /// <param name="keys">What the list needs to go on.</param>
    public static string Of(PageQuery query, params IEnumerable<string> keys) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string[])[FilterOf(query), .. keys]));

    /// <summary>The keys, empty on the first page; or the problem to answer with.</summary>
    public static bool TryRead(
        PageQuery query,
        int count,
        [NotNullWhen(true)] out IReadOnlyList<string>? keys,
        [NotNullWhen(false)] out IActionResult? problem
    )
    {
        (keys, problem) = (Read(query, count), null);
        if (keys is null)
            problem = ProblemResults.Of(
                400,
                "continuation",
                "This continuation does not go on from here",
                "It belongs to another list or another filter, or it was changed. Begin again without it."
            );
        return keys is not null;
    }

    /// <summary>The address of the next page, relative to the host; null where there is none.</summary>
    /// <param name="also">What the page was read with where the caller left it open, so that the next page means the same.</param>
    public static string? LinkOf(HttpRequest request, string? continuation, params IEnumerable<(string Name, string Value)> also)
    {
        if (continuation is null)
            return null;
        var query = new QueryBuilder();
        var replaced = also.Append(("continuation", continuation)).ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
        foreach (var (name, values) in request.Query.Where(q => !replaced.ContainsKey(q.Key)))
            query.Add(name, values.OfType<string>());
        foreach (var (name, value) in replaced)
            query.Add(name, value);
        return $"{request.PathBase}{request.Path}{query.ToQueryString()}";
    }

    private static string[]? Read(PageQuery query, int count)
    {
        if (query.Continuation is not { Length: > 0 } text)
            return [];
        try
        {
            var parts = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text));
            return parts is not null && parts.Length == count + 1 && parts[0] == FilterOf(query) && !parts.Contains(null)
                ? parts[1..]
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Another number of rows is the same list.</summary>
    private static string FilterOf(PageQuery query)
    {
        var text = new StringBuilder(query.GetType().Name);
        foreach (var parameter in QueryReader.ParametersOf(query.GetType()).Where(p => p.DeclaringType != typeof(PageQuery)))
            text.Append('\n').Append(JsonSerializer.Serialize(parameter.GetValue(query), parameter.PropertyType));
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 9));
    }
}
