using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>
/// Makes a message of a draft and a real sample (samples/README.md says whose): the sample's text stays, ids and things are the draft's.
/// </summary>
internal static class AlertWriter
{
    private static readonly string[] Noise =
    [
        "defender-alert-rundll32.json",
        "defender-incident-reported-mail.json",
        "graph-alert-hidden-file.json",
        "graph-alert-injected-orders.json",
        "securityalert-row-ransomware.json",
        "sentinel-alert-with-entities.json",
        "sentinel-incident-trigger.json",
    ];

    private static readonly string[] Broken = ["", "{", "[]", "null", "{\"id\":\"x\"}", "\"an alert\"", "{\"alerts\":[{},{}]}"];

    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal);

    public static int Samples => Noise.Length;

    public static string Write(AlertDraft draft) =>
        draft.Template switch
        {
            Template.GraphAlert => WithTwo(draft, GraphAlert(draft, Sample("graph-alert-account-adele.json")).ToJsonString()),
            Template.GraphIncident => WithTwo(draft, GraphIncident(draft).ToJsonString()),
            Template.SecurityAlertRow => Row(draft).ToJsonString(),
            Template.Noise => NoiseOf(draft),
            _ => Broken[draft.Mark % Broken.Length],
        };

    private static JsonObject GraphAlert(AlertDraft draft, JsonObject alert)
    {
        alert["id"] = draft.AlertId;
        alert["providerAlertId"] = draft.AlertId;
        alert["incidentId"] = draft.IncidentId;
        alert["tenantId"] = draft.TenantId;
        alert["title"] = draft.Title;
        alert["severity"] = draft.Severity;
        alert["status"] = draft.Status;
        alert["classification"] = draft.Classification;
        alert["determination"] = null;
        alert["resolvedDateTime"] = draft.Status == "resolved" ? Changed(draft) : null;
        alert["lastUpdateDateTime"] = Changed(draft);
        alert["category"] = "InitialAccess";
        alert["mitreTechniques"] = new JsonArray("T1078");
        if (draft.Injected.Length > 0)
            alert["description"] = draft.Injected;
        alert["evidence"] = new JsonArray([.. draft.Things.Select(t => Evidence(t, draft))]);
        return alert;
    }

    private static JsonObject GraphIncident(AlertDraft draft)
    {
        var incident = Sample("graph-incident-megan.json");
        incident["id"] = draft.IncidentId;
        incident["tenantId"] = draft.TenantId;
        incident["displayName"] = draft.Title;
        incident["severity"] = draft.Severity;
        var member = incident["alerts"]![0]!.DeepClone().AsObject();
        incident["alerts"] = new JsonArray(GraphAlert(draft, member));
        return incident;
    }

    private static JsonObject Row(AlertDraft draft)
    {
        var row = Sample("securityalert-row-malicious-machine.json");
        row["TenantId"] = draft.TenantId;
        row["SystemAlertId"] = draft.AlertId;
        row["ProviderAlertId"] = draft.AlertId;
        row["AlertName"] = draft.Title;
        row["AlertDisplayName"] = draft.Title;
        row["Severity"] = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(draft.Severity);
        row["Status"] = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(draft.Status);
        row["TimeGenerated"] = Changed(draft);
        var number = 1;
        row["Entities"] = new JsonArray([.. draft.Things.Select(t => (JsonNode?)Entity(t, number++))]).ToJsonString();
        return row;
    }

    /// <summary>When its source changed it last.</summary>
    private static string Changed(AlertDraft draft) =>
        new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)
            .AddMinutes(draft.Revision)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static JsonObject Evidence(Named thing, AlertDraft draft)
    {
        var evidence = new JsonObject
        {
            ["@odata.type"] =
                $"#microsoft.graph.security.{thing.Kind switch
            {
                NamedKind.Account => "user",
                NamedKind.Address => "ip",
                NamedKind.Mail => "analyzedMessage",
                NamedKind.Device => "device",
                NamedKind.Application => "cloudApplication",
                _ => "mailbox",
            }}Evidence",
            ["verdict"] = "malicious",
            ["remediationStatus"] = "none",
            ["roles"] = new JsonArray("compromised"),
        };
        foreach (var (name, value) in Fields(thing, draft))
            evidence[name] = value;
        return evidence;
    }

    private static IEnumerable<(string, JsonNode?)> Fields(Named thing, AlertDraft draft)
    {
        switch (thing.Kind)
        {
            case NamedKind.Account:
                yield return ("userAccount", Account(thing, draft));
                break;
            case NamedKind.Address:
                yield return ("ipAddress", thing.Id);
                break;
            case NamedKind.Mail:
                yield return ("networkMessageId", thing.Id);
                yield return ("internetMessageId", thing.Name);
                yield return ("recipientEmailAddress", thing.Where);
                yield return ("subject", "Invoice overdue");
                break;
            case NamedKind.Device:
                yield return ("mdeDeviceId", thing.Id.Length > 0 ? thing.Id : null);
                yield return ("deviceDnsName", thing.Name.Length > 0 ? thing.Name : null);
                break;
            case NamedKind.Application:
                yield return ("displayName", "Payroll export");
                yield return ("objectId", thing.Id);
                break;
            default:
                yield return ("primaryAddress", thing.Name);
                break;
        }
    }

    private static JsonObject Account(Named thing, AlertDraft draft)
    {
        var user = Cast.UserOf(thing.Id) ?? Cast.UserOf(thing.Name);
        return new JsonObject
        {
            ["accountName"] = (thing.Name.Length > 0 ? thing.Name : user?.Upn ?? "unknown").Split('@')[0],
            ["domainName"] = "CONTOSO",
            ["azureAdUserId"] = thing.Id.Length > 0 ? thing.Id : null,
            ["userPrincipalName"] = draft.FalseName is null && user is not null ? user.Upn : null,
            ["displayName"] = draft.FalseName ?? user?.Name,
        };
    }

    private static JsonObject Entity(Named thing, int number)
    {
        var entity = new JsonObject { ["$id"] = number.ToString(CultureInfo.InvariantCulture) };
        switch (thing.Kind)
        {
            case NamedKind.Account:
                entity["Type"] = "account";
                entity["AadUserId"] = thing.Id.Length > 0 ? thing.Id : null;
                entity["Name"] = thing.Name.Split('@')[0];
                entity["UPNSuffix"] = "contoso.example";
                break;
            case NamedKind.Address:
                entity["Type"] = "ip";
                entity["Address"] = thing.Id;
                break;
            case NamedKind.Mail:
                entity["Type"] = "mailMessage";
                entity["NetworkMessageId"] = thing.Id;
                entity["InternetMessageId"] = thing.Name;
                entity["Recipient"] = thing.Where;
                break;
            case NamedKind.Device:
                entity["Type"] = "host";
                entity["HostName"] = thing.Name;
                break;
            case NamedKind.Application:
                entity["Type"] = "cloud-application";
                entity["Name"] = "Payroll export";
                entity["AppId"] = thing.Id;
                break;
            default:
                entity["Type"] = "mailbox";
                entity["MailboxPrimaryAddress"] = thing.Name;
                break;
        }
        return entity;
    }

    /// <summary>
    /// One object with two values for one name, which readers read differently: no JSON library writes it, so it is put in as text.
    /// </summary>
    private static string WithTwo(AlertDraft draft, string json)
    {
        if (draft.SecondId is null || draft.Things.FirstOrDefault(t => t.Kind == NamedKind.Account) is not { } first)
            return json;
        var name = $"\"azureAdUserId\":\"{first.Id}\"";
        var at = json.IndexOf(name, StringComparison.Ordinal);
        return at < 0 ? json : json.Insert(at + name.Length, $",\"azureAdUserId\":\"{draft.SecondId}\"");
    }

    private static string NoiseOf(AlertDraft draft)
    {
        var sample = Sample(Noise[draft.Sample % Noise.Length]);
        foreach (
            var (name, value) in ((string, string)[])
                [("id", draft.AlertId), ("SystemAlertId", draft.AlertId), ("alertId", draft.AlertId), ("incidentId", draft.IncidentId)]
        )
        {
            if (sample[name] is JsonValue known && known.TryGetValue<string>(out _))
                sample[name] = value;
        }
        return sample.ToJsonString();
    }

    private static JsonObject Sample(string file)
    {
        string text;
        lock (Texts)
        {
            if (!Texts.TryGetValue(file, out text!))
                Texts[file] = text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", file));
        }
        return JsonNode.Parse(text)!.AsObject();
    }
}
