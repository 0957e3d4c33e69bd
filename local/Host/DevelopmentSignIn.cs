using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Local.Host;

/// <summary>Someone who may sign in for development: a person of the escalation ladder or an analyst of the simulated tenant.</summary>
public sealed record DevUser(string ObjectId, string Name, IReadOnlyList<string> Roles)
{
    /// <summary>What they are here, in some words.</summary>
    public string About { get; init; } = "";
}

/// <summary>
/// Signs a request in as the person whose Entra object id stands in <c>X-Dev-User</c>. It proves nothing about who asks, so it exists only
/// in local/, works only between loopback addresses, and <see cref="LoopbackServer"/> refuses to start where anything else is configured. A
/// request without the header is anonymous.
/// </summary>
public sealed class DevelopmentSignIn(RequestDelegate next, Func<string, DevUser?> find)
{
    public const string Header = "X-Dev-User";
    private const string ObjectIdentifier = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    private const string PlatformPrincipal = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>Adds the sign-in.</summary>
    /// <param name="find">The person with an object id (a GUID in its plain form), or null.</param>
    /// <exception cref="InvalidOperationException">An address that is not loopback is configured.</exception>
    public static void Use(WebApplication app, Func<string, DevUser?> find)
    {
        Loopback.Require(app);
        app.UseMiddleware<DevelopmentSignIn>(find);
    }

    public async Task InvokeAsync(HttpContext http)
    {
        // Whatever App Service authentication would have set cannot be believed here: there is no App Service in front.
        foreach (
            var name in http.Request.Headers.Keys.Where(n => n.StartsWith(PlatformPrincipal, StringComparison.OrdinalIgnoreCase)).ToList()
        )
            http.Request.Headers.Remove(name);
        if (!IsLoopback(http.Connection.LocalIpAddress) || !IsLoopback(http.Connection.RemoteIpAddress))
        {
            await RefuseAsync(http, StatusCodes.Status403Forbidden, "The development runtime answers only to this machine.");
            return;
        }
        if (http.Request.Headers.TryGetValue(Header, out var ids))
        {
            if (ids.Count != 1 || !Guid.TryParse(ids[0], out var id))
            {
                await RefuseAsync(http, StatusCodes.Status401Unauthorized, $"{Header} is not one object id (a GUID).");
                return;
            }
            if (find(id.ToString("D")) is not { } user)
            {
                await RefuseAsync(http, StatusCodes.Status401Unauthorized, $"{Header}: nobody with object id {id} is known here.");
                return;
            }
            SignIn(http, user);
        }
        // What a browser sends by itself is only ever a choice made on the sign-in page; one that means nobody any more is nobody.
        else if (Guid.TryParse(http.Request.Cookies[LocalSignIn.Cookie], out var chosen) && find(chosen.ToString("D")) is { } person)
            SignIn(http, person);
        await next(http);
    }

    private static void SignIn(HttpContext http, DevUser user)
    {
        List<Claim> claims =
        [
            new("oid", user.ObjectId),
            new(ObjectIdentifier, user.ObjectId),
            new("name", user.Name),
            .. user.Roles.Select(r => new Claim("roles", r)),
        ];
        http.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "Development", "name", "roles"));
        // What App Service authentication hands a function app, so that code reading it works the same here.
        http.Request.Headers[PlatformPrincipal] = Convert.ToBase64String(
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    auth_typ = "aad",
                    name_typ = "name",
                    role_typ = "roles",
                    claims = claims.Select(c => new { typ = c.Type, val = c.Value }),
                }
            )
        );
        http.Request.Headers[PlatformPrincipal + "-ID"] = user.ObjectId;
    }

    /// <summary>Null: no network at all, as with an in-memory test server.</summary>
    private static bool IsLoopback(IPAddress? address) => address is null || IPAddress.IsLoopback(address);

    private static Task RefuseAsync(HttpContext http, int status, string detail)
    {
        if (status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = Header;
        return Results.Problem(detail, statusCode: status).ExecuteAsync(http);
    }
}

/// <summary>What counts as this machine only.</summary>
internal static class Loopback
{
    /// <summary>Every address an app that has not started is told to listen on, by code, environment or settings file.</summary>
    /// <exception cref="InvalidOperationException">One of them is not loopback.</exception>
    public static void Require(WebApplication app)
    {
        var urls = app.Configuration[WebHostDefaults.ServerUrlsKey]?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var endpoints = app.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>();
        // A port alone means every address.
        var ports = ((string[])[WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey])
            .SelectMany(key => app.Configuration[key]?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [])
            .Select(port => $"http://*:{port}");
        foreach (var url in app.Urls.Concat(urls).Concat(endpoints).Concat(ports))
            Require(url);
    }

    /// <exception cref="InvalidOperationException">The address is not loopback.</exception>
    public static void Require(string address)
    {
        var isLoopback =
            Uri.TryCreate(address, UriKind.Absolute, out var uri)
            && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));
        if (!isLoopback)
            throw new InvalidOperationException(
                $"The local runtime serves this machine only, but '{address}' is configured. Use http://127.0.0.1 with a port."
            );
    }
}
