using IRFunctions.Containment;
using IRFunctions.Local.Host;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Local.Machine;

/// <summary>The settings of local.settings.sample.json with values that point at this machine.</summary>
internal static class LocalSettings
{
    private static readonly Uri InProcess = new("http://127.0.0.1/");

    public static IEnumerable<KeyValuePair<string, string?>> For(Uri? address)
    {
        var here = address ?? InProcess;
        const string workspace =
            "arm/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/local/providers/Microsoft.OperationalInsights/"
            + "workspaces/local";
        var settings = new Dictionary<string, string?>
        {
            ["Graph:Endpoint"] = new Uri(here, "graph/v1.0").ToString(),
            ["Sentinel:Watchlist"] = new Uri(
                here,
                $"{workspace}/providers/Microsoft.SecurityInsights/watchlists/irfunctions-addresses"
            ).ToString(),
            ["Workspace:Query"] = new Uri(here, "loganalytics/v1/workspaces/local/query").ToString(),
            ["Tickets:Endpoint"] = new Uri(here, "itsm/tickets").ToString(),
            ["Pager:Endpoint"] = new Uri(here, "pager/v2/enqueue").ToString(),
            ["Pager:RoutingKey"] = new string('0', 32), // PagerDuty keys have 32 characters; this one opens nothing,
            ["Connector:Endpoint"] = new Uri(here, "connector/.well-known/openc2").ToString(),
            ["Connector:KeyId"] = "local",
            ["Connector:Key"] = Convert.ToBase64String(new byte[32]), // Zeros; it opens nothing but the sample receiver on this machine.
            ["Directory:PrivilegedGroups"] = Tenant.TenantSeed.AdminGroup,
            ["Model:Endpoint"] = new Uri(here, "openai/v1/").ToString(),
            ["Model:Deployment"] = "irfunctions-rules",
            ["Pipeline:OwnIdentities"] = "00000000-0000-4000-8000-0000000000f1",
        };
        // Whatever service a new action speaks to, here it is the simulated tenant: nothing leaves this machine.
        foreach (var client in ActionRegistration.HttpClients.Where(c => c.Setting is not { } known || !settings.ContainsKey(known)))
            settings[ActionRegistration.AddressSetting(client.Name)] = new Uri(here, client.Name).ToString();
        return settings;
    }

    /// <summary>Pages of this machine, in the place of App Service's.</summary>
    public static IReadOnlyDictionary<string, string?> SignIn { get; } =
        new Dictionary<string, string?> { ["Console:SignIn"] = LocalSignIn.Path, ["Console:SignOut"] = LocalSignIn.OutPath };

    /// <summary>Switches the bot on, with the loopback token service and connector of this machine in the place of Teams.</summary>
    /// <param name="clients">host:port of test clients that act as Teams too.</param>
    /// <exception cref="InvalidOperationException">One of them is not loopback.</exception>
    public static IReadOnlyDictionary<string, string?> Teams(Uri? address, params string[] clients)
    {
        var here = address ?? InProcess;
        foreach (var client in clients)
            Loopback.Require($"http://{client}");
        return new Dictionary<string, string?>
        {
            ["Teams:AppId"] = LoopbackTeams.AppId,
            ["Teams:TenantId"] = TenantSeed.TenantId,
            ["Teams:Metadata"] = new Uri(here, "teams/openid").ToString(),
            // The official client insists on https; PlainLoopback sends it on in the clear.
            ["Teams:AuthorityHost"] = $"https://{here.Authority}/",
            ["Teams:ClientSecret"] = LoopbackTeams.Secret,
            ["Teams:ServiceUrl"] = new Uri(here, "teams/connector").ToString(),
            ["Teams:ServiceHosts"] = string.Join(',', [here.IsDefaultPort ? here.Host : here.Authority, .. clients]),
            ["Teams:ConsoleUrl"] = here.ToString(),
        };
    }
}
