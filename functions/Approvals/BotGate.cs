using IRFunctions.Http;
using IRFunctions.People;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Approvals;

/// <summary>An activity whose sender is proven, or the HTTP status to refuse with.</summary>
/// <param name="Rule">Stable name of the check that stopped it; empty where none did.</param>
public sealed record Admission(BotActivity? Activity, VerifiedToken? Token, int Status, string Rule, string Detail);

/// <summary>
/// Everything that is checked before a word of an activity is believed, in the order of the protocol: bearer and size, token, the service
/// address the token vouches for, the channel the key may speak for, the allow-list of hosts, our tenant.
/// </summary>
public sealed class BotGate
{
    private const int MaxBody = 256 * 1024; // Teams keeps messages below 100 KB.
    private const string Channel = "msteams";

    private readonly TeamsSettings settings;
    private readonly TokenValidator validator;

    public BotGate(TeamsSettings settings, HttpClient http, TimeProvider time)
    {
        this.settings = settings;
        var trusted = new TrustedIssuer
        {
            Metadata = settings.Metadata,
            Issuers = settings.Issuers,
            Audiences = settings.Enabled ? [settings.AppId] : [],
        };
        validator = new TokenValidator(trusted, new SigningKeys(http, settings.Metadata, time), time);
    }

    public async Task<Admission> AdmitAsync(HttpRequest request, CancellationToken cancellation)
    {
        // Without an app id there is no audience, so nothing could be believed: there is no anonymous mode.
        if (!settings.Enabled)
            return No(401, "off", "the bot is not configured");
        if (request.Headers.Authorization.Count > 1)
            return No(401, "token", "several Authorization headers");
        if (request.Headers.Authorization.ToString() is not { Length: > 0 } authorization)
            return No(401, "Missing", "no Authorization header");
        if (request.ContentLength > MaxBody)
            return No(413, "size", $"the body is larger than {MaxBody} bytes");
        var reading = await validator.ValidateAsync(authorization, cancellation);
        if (reading.Token is not { } token)
            return No(reading.Problem == TokenProblem.KeysUnavailable ? 503 : 401, reading.Problem.ToString(), reading.Detail);

        if (await ReadAsync(request, cancellation) is not { } body)
            return No(413, "size", $"the body is larger than {MaxBody} bytes");
        if (BotActivity.Read(body) is not { } activity)
            return No(400, "malformed", "the body is not one JSON object");
        if (token.Text("serviceurl") is not { Length: > 0 } vouched || vouched.TrimEnd('/') != activity.ServiceUrl.TrimEnd('/'))
            return No(403, "service-url", "the token does not vouch for the activity's service address");
        if (activity.ChannelId != Channel || !token.Endorsements.Contains(Channel, StringComparer.Ordinal))
            return No(403, "endorsement", "the token's key may not speak for this channel");
        if (!settings.Allows(activity.ServiceUrl))
            return No(403, "service-host", "the service address is not on the list of allowed hosts");
        if (activity.Tenants.Count == 0 || activity.Tenants.Any(t => t != settings.TenantId))
            return No(403, "tenant", "the activity comes from another tenant");
        return new Admission(activity, token, 200, "", "");
    }

    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var buffer = new byte[MaxBody + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return length <= MaxBody ? buffer[..length] : null;
    }

    private static Admission No(int status, string rule, string detail) => new(null, null, status, rule, detail);
}
