using System.Buffers.Text;
using System.Text.Json;
using Azure.Core;

namespace IRFunctions.Connections;

/// <summary>
/// What the app may do in Graph, as its own access token says. Only for probing before an effect whether its reverse would be permitted: a
/// token that cannot be read proves nothing either way (docs/decisions/0014).
/// </summary>
public sealed class GrantedPermissions(TokenCredential credential, GraphConnection graph)
{
    private readonly TokenRequestContext context = new([graph.Scope]);

    /// <returns>The application permissions; null where the token does not say.</returns>
    public async Task<IReadOnlySet<string>?> ReadAsync(CancellationToken cancellation)
    {
        var token = await credential.GetTokenAsync(context, cancellation);
        return InToken(token.Token)?.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The roles claim of an access token. The token is our own, straight from Entra ID, and only looked at, so its signature is not
    /// checked.
    /// </summary>
    /// <returns>Null where it is no JSON web token or belongs to a person instead of the app.</returns>
    public static IReadOnlyList<string>? InToken(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return null;
        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (json.RootElement.TryGetProperty("scp", out _))
                return null;
            return json.RootElement.TryGetProperty("roles", out var roles)
                ? [.. roles.EnumerateArray().Select(r => r.GetString() ?? "")]
                : [];
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Says that one of these permissions is granted, or cannot be known.</summary>
    /// <exception cref="PermanentFaultException">None of them is granted; the message names the first, which is the least.</exception>
    public async Task<string> ProbeAsync(string reverse, string[] anyOf, CancellationToken cancellation)
    {
        if (await ReadAsync(cancellation) is not { } granted)
            return $"{reverse} uses the same permission as the action; the access token does not tell whether the app has it";
        return anyOf.FirstOrDefault(granted.Contains) is { } held
            ? $"{reverse} is permitted by {held}"
            : throw new PermanentFaultException(
                $"{reverse} would not be permitted: the app needs {anyOf[0]}. Nothing was done, since it could not be undone"
            );
    }
}
