using Microsoft.Extensions.Configuration;

namespace IRFunctions.Http;

/// <summary>
/// Entra ID tokens for the HTTP API: `Authorization: Bearer`, issued by our tenant for this API, with an app role. The same validator as
/// the bot's, another issuer and audience.
/// </summary>
public sealed class TokenSignIn
{
    /// <summary>App roles of the API's registration; any of them may look.</summary>
    public static readonly IReadOnlyList<string> Roles = ["approver", "responder", "reader", "stopper", "identities"];

    /// <summary>Who may use the global stop.</summary>
    public static readonly IReadOnlyList<string> MayStop = ["approver", "responder", "stopper"];

    /// <summary>Who may see what single identities did: breakers, evidence, snapshots, and what is protected.</summary>
    public static readonly IReadOnlyList<string> MaySeeIdentities = ["approver", "responder", "identities"];

    private readonly TokenValidator? validator;
    private readonly string tenant;

    /// <exception cref="InvalidOperationException">Half a configuration; the message names what is missing.</exception>
    public TokenSignIn(IConfiguration configuration, HttpClient http, TimeProvider time)
    {
        var section = configuration.GetSection("SignIn");
        tenant = section["TenantId"] ?? "";
        if (section["Audience"] is not { Length: > 0 } audience)
            return;
        if (!Guid.TryParse(tenant, out var id))
            throw new InvalidOperationException("The setting SignIn__TenantId is missing or no GUID; SignIn__Audience needs it.");
        tenant = id.ToString();
        var metadata = section["Metadata"] is { Length: > 0 } given
            ? given
            : $"https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration";
        var trusted = new TrustedIssuer
        {
            Metadata = new Uri(metadata),
            Issuers = [section["Issuer"] is { Length: > 0 } issuer ? issuer : $"https://login.microsoftonline.com/{tenant}/v2.0"],
            Audiences = [.. audience.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
        };
        validator = new TokenValidator(trusted, new SigningKeys(http, trusted.Metadata, time), time);
    }

    /// <summary>False: no bearer token is believed; only App Service authentication or the development sign-in.</summary>
    public bool Enabled => validator is not null;

    /// <summary>The person a token stands for, or why there is none.</summary>
    public async Task<(Caller? Caller, string Why)> ReadAsync(string authorization, CancellationToken cancellation)
    {
        if (validator is null)
            return (null, "no bearer token is accepted here");
        var reading = await validator.ValidateAsync(authorization, cancellation);
        if (reading.Token is not { } token)
            return (null, $"{reading.Problem}: {reading.Detail}");
        if (!string.Equals(token.Text("tid"), tenant, StringComparison.OrdinalIgnoreCase))
            return (null, "Tenant: the token comes from another tenant");
        // An application's token has roles but nobody behind it; approvals are for people.
        if (token.Text("scp") is not { Length: > 0 })
            return (null, "Person: the token stands for an application, not a person");
        if (!Guid.TryParse(token.Text("oid"), out var person))
            return (null, "Person: the token names no object id");
        string[] roles = [.. token.Texts("roles").Select(r => r.ToLowerInvariant()).Where(Roles.Contains)];
        return roles.Length == 0
            ? (null, $"Role: the token carries none of the roles {string.Join(", ", Roles)}")
            : (
                new Caller(person.ToString(), token.Text("name") ?? person.ToString()) { Roles = roles, TokenIssuedAt = token.IssuedAt },
                ""
            );
    }
}
