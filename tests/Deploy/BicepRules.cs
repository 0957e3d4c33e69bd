using System.Text.RegularExpressions;

namespace IRFunctions.Tests.Deploy;

/// <summary>What the compiler does not ask for and we do. Each rule returns what is wrong, in words; nothing where all is well.</summary>
internal static class BicepRules
{
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    private static readonly Dictionary<string, (int Least, int Most, string Form)> NameRules = new(StringComparer.Ordinal)
    {
        ["Microsoft.BotService/botServices"] = (2, 64, "^[a-z0-9][a-z0-9-]*$"),
        ["Microsoft.CognitiveServices/accounts"] = (2, 64, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.DurableTask/schedulers"] = (3, 64, "^[a-z][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Insights/actionGroups"] = (1, 260, "^[a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Insights/components"] = (1, 260, "^[a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Insights/metricAlerts"] = (1, 260, "^[a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Insights/scheduledQueryRules"] = (1, 260, "^[a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Insights/workbooks"] = (36, 36, "^[0-9a-f-]+$"),
        ["Microsoft.KeyVault/vaults"] = (3, 24, "^[a-z][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Logic/workflows"] = (1, 43, "^[a-z0-9-]+$"),
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = (3, 128, "^[a-z0-9][a-z0-9-]*$"),
        ["Microsoft.Network/privateEndpoints"] = (2, 64, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Network/virtualNetworks"] = (2, 64, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.OperationalInsights/workspaces"] = (4, 63, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.ServiceBus/namespaces"] = (6, 50, "^[a-z][a-z0-9-]*[a-z0-9]$"),
        ["Microsoft.Storage/storageAccounts"] = (3, 24, "^[a-z0-9]+$"),
        ["Microsoft.Web/serverfarms"] = (1, 40, "^[a-z0-9-]+$"),
        ["Microsoft.Web/sites"] = (2, 60, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
    };

    // Extensions of other resources, DNS zones, whose names are Azure's own, and two that Microsoft's list has no entry for.
    private static readonly HashSet<string> NoNameRule =
    [
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.SecurityInsights/automationRules",
        "Microsoft.SecurityInsights/watchlists",
        "Microsoft.Network/privateDnsZones",
        "Microsoft.Security/automations",
        "Microsoft.Web/connections",
    ];

    // Keys are switched off where that can be done, and what is deleted stays recoverable.
    private static readonly (string Type, string Property, string Value)[] Protections =
    [
        ("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess", "false"),
        ("Microsoft.Storage/storageAccounts", "allowBlobPublicAccess", "false"),
        ("Microsoft.ServiceBus/namespaces", "disableLocalAuth", "true"),
        ("Microsoft.CognitiveServices/accounts", "disableLocalAuth", "true"),
        ("Microsoft.BotService/botServices", "disableLocalAuth", "true"),
        ("Microsoft.Insights/components", "DisableLocalAuth", "true"),
        ("Microsoft.KeyVault/vaults", "enableRbacAuthorization", "true"),
        ("Microsoft.KeyVault/vaults", "enablePurgeProtection", "true"),
    ];

    /// <summary>Every file is part of main.bicep, and nothing comes from elsewhere: a registry would need a network.</summary>
    public static IEnumerable<string> Strays(BicepFolder folder)
    {
        var used = folder.References();
        var there = folder.Files("*.bicep").Concat(folder.Files("*.json"));
        return there
            .Where(f => !used.Contains(f))
            .Select(f => $"{f} is used by nothing")
            .Concat(used.Where(u => !u.StartsWith("bicep/", StringComparison.Ordinal)).Select(u => $"{u} is not in bicep/"));
    }

    public static IEnumerable<string> Undescribed(BicepFolder folder) =>
        from t in folder.Templates
        from p in t.Parameters
        where string.IsNullOrWhiteSpace((string?)p.Value["metadata"]?["description"])
        select $"{t.Path}: {p.Key} has no description";

    /// <summary>Every name, at its shortest and at its longest, is one that Azure takes.</summary>
    public static IEnumerable<string> Names(BicepFolder folder)
    {
        var prefix = folder.Main.Parameters["prefix"];
        foreach (var (length, release) in new[] { ((int)prefix["minLength"]!, ""), ((int)prefix["maxLength"]!, "next") })
        {
            var deployed = folder.EverythingWith(
                ("prefix", $"'{new string('a', length)}'"),
                ("release", $"'{release}'"),
                ("durableBackend", "'durable-task-scheduler'")
            );
            foreach (var type in NameRules.Keys.Where(t => !deployed.Of(t).Any()))
                yield return $"{type}: a rule for nothing";
            foreach (var resource in deployed.Resources.Where(r => r.Type.Count(c => c == '/') == 1 && !NoNameRule.Contains(r.Type)))
            {
                if (WrongName(resource) is { } problem)
                    yield return $"{resource.Type}: {problem}";
            }
        }
    }

    private static string? WrongName(Resource resource)
    {
        if (!NameRules.TryGetValue(resource.Type, out var rule))
            return "no rule for this name";
        var fits = resource.Name.Length >= rule.Least && resource.Name.Length <= rule.Most && Regex.IsMatch(resource.Name, rule.Form);
        return fits ? null : $"{resource.Name} is not {rule.Least} to {rule.Most} characters like {rule.Form}";
    }

    /// <summary>Keys are switched off, whatever the parameters say, and nothing reads one.</summary>
    public static IEnumerable<string> Keys(BicepFolder folder) =>
        folder
            .Templates.SelectMany(t => t.Calls.Where(c => ReadsKey(t, c)).Select(c => $"{t.Path} calls {c.Word}"))
            .Concat(
                from t in folder.Templates
                from r in t.Resources
                from p in Protections
                where p.Type == r.Type && r[p.Property]?.ToString() != p.Value
                select $"{t.Path}: {r.Name} does not set {p.Property} to {p.Value}"
            );

    // Defender for Cloud calls a Logic App by an address with a signature and in no other way.
    private static bool ReadsKey(Template template, ArmExpression call) =>
        call.Word.StartsWith("list", StringComparison.OrdinalIgnoreCase)
        && !(call.Word == "listCallbackUrl" && template.Path == "bicep/modules/playbook.bicep");

    /// <summary>What has a location takes tags, except channels of the bot.</summary>
    public static IEnumerable<string> Untagged(BicepFolder folder) =>
        from t in folder.Templates
        from r in t.Resources
        where r.Body["location"] is not null && r.Body["tags"] is null && r.Type != "Microsoft.BotService/botServices/channels"
        select $"{t.Path}: {r.Name} has no tags";
}
