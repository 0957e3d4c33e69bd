using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Tests.Worlds;

/// <summary>Requests of signed-in callers.</summary>
internal static class SignedIn
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static HttpRequest Request(string? by, object? body = null)
    {
        var http = new DefaultHttpContext();
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, Web);
        (http.Request.Body, http.Request.ContentLength) = (new MemoryStream(bytes), bytes.Length);
        if (by is not null)
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("oid", by), new Claim("name", "test")], "test"));
        return http.Request;
    }
}
