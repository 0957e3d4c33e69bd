using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Http;

/// <summary>The signed-in person behind a request.</summary>
/// <param name="ObjectId">Entra object id, lower case.</param>
public sealed record Caller(string ObjectId, string Name)
{
    /// <summary>App roles, lower case; null where the door knows none (the ladder alone decides then).</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Unix seconds of the bearer token, for the record; null for other doors.</summary>
    public long? TokenIssuedAt { get; init; }

    /// <summary>Whether one of these roles is held, where roles are known.</summary>
    public bool May(params IEnumerable<string> roles) => Roles is null || roles.Any(Roles.Contains);

    private const string ObjectIdClaim = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    private const string RoleClaim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    private const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>
    /// Who signed in; null for nobody. Either a middleware authenticated the request (local: the development sign-in), or App Service
    /// authentication did, which strips the header from the outside and sets it itself; without it the header is not believed.
    /// </summary>
    public static Caller? Of(HttpRequest request, bool appServiceAuthenticates)
    {
        if (request.HttpContext.User.Identity?.IsAuthenticated == true)
            return FromClaims(request.HttpContext.User.Claims.Select(c => (c.Type, c.Value)));
        if (!appServiceAuthenticates || !request.Headers.TryGetValue(PrincipalHeader, out var header))
            return null;
        try
        {
            using var json = JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header.ToString())));
            return FromClaims(
                json.RootElement.GetProperty("claims")
                    .EnumerateArray()
                    .Select(c => (c.GetProperty("typ").GetString() ?? "", c.GetProperty("val").GetString() ?? ""))
                    .ToList()
            );
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Caller? FromClaims(IEnumerable<(string Type, string Value)> claims)
    {
        string? id = null,
            name = null;
        var roles = new List<string>();
        foreach (var (type, value) in claims)
        {
            if (type is "oid" or ObjectIdClaim)
                id ??= value;
            if (type is "name" or ClaimTypes.Name)
                name ??= value;
            if (type is "roles" or RoleClaim && TokenSignIn.Roles.Contains(value, StringComparer.OrdinalIgnoreCase))
                roles.Add(value.ToLowerInvariant());
        }
        // Who was given a role has that one and no more; where the registration gives none, the ladder alone decides.
        return Guid.TryParse(id, out var guid)
            ? new Caller(guid.ToString(), name ?? guid.ToString()) { Roles = roles.Count > 0 ? roles : null }
            : null;
    }
}
