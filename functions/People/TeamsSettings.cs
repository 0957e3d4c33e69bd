using Azure.Identity;
using IRFunctions.Connections;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.People;

/// <summary>
/// The bot, from configuration. Without an app id Teams is off: no card is sent and every message to the bot is refused, since nothing
/// could prove who sent it. There is no anonymous mode.
/// </summary>
public sealed record TeamsSettings
{
    private const string BotFramework = "https://login.botframework.com/v1/.well-known/openidconfiguration";
    private const string BotFrameworkIssuer = "https://api.botframework.com";
    private const string TeamsHost = "smba.trafficmanager.net";

    /// <summary>App id of the bot's registration; audience of every token sent to it.</summary>
    public string AppId { get; init; } = "";

    /// <summary>Our Entra tenant; people of any other are refused.</summary>
    public string TenantId { get; init; } = "";
    public Uri Metadata { get; init; } = new(BotFramework);
    public IReadOnlyList<string> Issuers { get; init; } = [BotFrameworkIssuer];

    /// <summary>Hosts our own token may travel to, and nowhere else.</summary>
    public IReadOnlyList<string> ServiceHosts { get; init; } = [TeamsHost];

    /// <summary>Where conversations with people are opened who installed the app but have not talked to it yet.</summary>
    public Uri ServiceUrl { get; init; } = new("https://smba.trafficmanager.net/teams/");

    /// <summary>Where a bot with a secret gets its token; sovereign clouds have their own. Always https.</summary>
    public Uri AuthorityHost { get; init; } = AzureAuthorityHosts.AzurePublicCloud;
    public string TokenScope { get; init; } = "https://api.botframework.com/.default";

    /// <summary>Where set, cards go to this one channel conversation instead of to each person.</summary>
    public string? Channel { get; init; }

    /// <summary>Channel conversation that gets a note with each send_analyst_notification; null for none.</summary>
    public string? Notifications { get; init; }

    /// <summary>Where people find the console; in pages and cards.</summary>
    public Uri? ConsoleUrl { get; init; }

    public bool Enabled => AppId.Length > 0;

    /// <exception cref="InvalidOperationException">A setting is missing or not safe; the message names it.</exception>
    public static TeamsSettings From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Teams");
        var console = section["ConsoleUrl"] is { Length: > 0 } page ? Address("Teams__ConsoleUrl", page) : null;
        if (section["AppId"] is not { Length: > 0 } app)
            return new TeamsSettings { ConsoleUrl = console };
        if (!Guid.TryParse(app, out _))
            throw new InvalidOperationException("The setting Teams__AppId is not an app id (a GUID).");
        if (!Guid.TryParse(section["TenantId"], out var tenant))
            throw new InvalidOperationException(
                "The setting Teams__TenantId is missing or no GUID: without it, people of other tenants could not be told apart."
            );
        var settings = new TeamsSettings
        {
            AppId = app,
            TenantId = tenant.ToString(),
            ConsoleUrl = console,
        };
        return settings with
        {
            Metadata = section["Metadata"] is { Length: > 0 } metadata ? Address("Teams__Metadata", metadata) : settings.Metadata,
            Issuers = Listed(section["Issuers"]) ?? settings.Issuers,
            ServiceHosts = Listed(section["ServiceHosts"]) ?? settings.ServiceHosts,
            ServiceUrl = section["ServiceUrl"] is { Length: > 0 } service ? Address("Teams__ServiceUrl", service) : settings.ServiceUrl,
            AuthorityHost = section["AuthorityHost"] is { Length: > 0 } authority
                ? Https("Teams__AuthorityHost", authority)
                : settings.AuthorityHost,
            TokenScope = section["TokenScope"] is { Length: > 0 } scope ? scope : settings.TokenScope,
            Channel = section["Channel"] is { Length: > 0 } channel ? channel : null,
            Notifications = section["Notifications"] is { Length: > 0 } notes ? notes : null,
        };
    }

    /// <summary>Whether our token may go there: an allowed host over https, or loopback where it is named.</summary>
    public bool Allows(string? serviceUrl) =>
        Uri.TryCreate(serviceUrl, UriKind.Absolute, out var uri)
        && SafeAddress.Is(uri)
        && uri.UserInfo.Length == 0
        && ServiceHosts.Contains(uri.IsDefaultPort ? uri.Host : uri.Authority, StringComparer.OrdinalIgnoreCase);

    private static string[]? Listed(string? value) =>
        value?.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } list ? list : null;

    private static Uri Https(string name, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
            ? uri
            : throw new InvalidOperationException($"The setting {name} is not an https address.");

    private static Uri Address(string name, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && SafeAddress.Is(uri)
            ? uri
            : throw new InvalidOperationException($"The setting {name} is not an https address (http is taken on loopback only).");
}
