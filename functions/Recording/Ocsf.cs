using System.Text.Json.Nodes;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>
/// Entries as OCSF events for a SIEM (schema 1.8.0): what was found and decided as Detection Finding (2004), what was done and undone as
/// Remediation Activity (7001), what people and timers did to the pipeline itself as Entity Management (3004). One writer a chain, in
/// order: later entries repeat what the alert said. See docs/record.md.
/// </summary>
public sealed class Ocsf
{
    public const string SchemaVersion = "1.8.0";
    private const int Finding = 2004;
    private const int Remediation = 7001;
    private const int Management = 3004;
    private const int Other = 99;
    private int severity;
    private string title = "";
    private string? alert;
    private long created;
    private JsonArray? attacks;
    private JsonArray? observables;

    public JsonObject Next(AuditEntry entry)
    {
        var told = new EntryDetails(entry);
        if (entry.Kind == AuditKinds.Received)
            Remember(told);
        var remediation = RemediationOf(told);
        var (cls, activity, activityName) =
            remediation is { } r ? (Remediation, r.Activity, r.Name)
            : alert is not null || entry.Kind == AuditKinds.RecordBroken ? Lifecycle(entry)
            : Managed(entry);
        var json = new JsonObject
        {
            ["activity_id"] = activity,
            ["activity_name"] = activityName,
            ["category_uid"] = cls / 1000,
            ["class_uid"] = cls,
            ["type_uid"] = cls * 100 + activity,
            ["time"] = entry.At.ToUnixTimeMilliseconds(),
            ["severity_id"] = entry.Kind == AuditKinds.RecordBroken ? 5 : severity,
            ["message"] = entry.Text,
            ["metadata"] = Metadata(entry),
        };
        if (cls == Finding)
            AddFinding(json, entry);
        if (cls == Management)
            (json["entity"], json["actor"]) = (EntityOf(entry), ActorOf(entry));
        if (remediation is { } done)
            (json["command_uid"], json["status_id"]) = ($"{entry.Chain}/{told.Action}/{told.Target}", done.Status);
        if (observables is not null)
            json["observables"] = observables.DeepClone();
        json["unmapped"] = Unmapped(entry, told);
        return json;
    }

    private void Remember(EntryDetails told)
    {
        severity = told.Text("severity") switch
        {
            "Informational" => 1,
            "Low" => 2,
            "Medium" => 3,
            "High" => 4,
            _ => 0,
        };
        (title, alert, created) = (told.Text("title") ?? "", told.Text("id") ?? told.Entry.Chain, told.Entry.At.ToUnixTimeMilliseconds());
        if (told.Data.TryGetProperty("techniques", out var list) && list.ValueKind == System.Text.Json.JsonValueKind.Array)
            attacks =
            [
                .. list.EnumerateArray()
                    .Select(t => new JsonObject
                    {
                        ["version"] = "15",
                        ["technique"] = new JsonObject { ["uid"] = t.GetString() },
                    }),
            ];
        observables = ObservablesOf(told);
    }

    /// <summary>
    /// A finding is created by the alert, updated by what people and policy say, and closed by its outcome where something was done.
    /// </summary>
    private static (int Class, int Activity, string Name) Lifecycle(AuditEntry entry) =>
        entry.Kind switch
        {
            AuditKinds.Received or AuditKinds.RecordBroken => (Finding, 1, "Create"),
            AuditKinds.Outcome when entry.Text.StartsWith("acted", StringComparison.Ordinal) => (Finding, 3, "Close"),
            _ => (Finding, 2, "Update"),
        };

    /// <summary>
    /// Activities after MITRE D3FEND: 1 isolate, 2 evict, 3 restore, 4 harden. Status: 0 unknown, 1 success, 2 failure, 99 somebody else
    /// changed it first.
    /// </summary>
    private static (int Activity, string Name, int Status)? RemediationOf(EntryDetails told)
    {
        if (!told.IsContainment)
            return null;
        var (activity, name) = told.Action switch
        {
            "quarantine_email" or "revoke_user_sessions" or "revoke_api_key" => (2, "Evict"),
            "add_ip_to_watchlist" or "increase_logging_verbosity" => (4, "Harden"),
            "disable_user_account_temporarily" or "block_ip_at_firewall" => (1, "Isolate"),
            _ => (99, told.Action),
        };
        return told.Entry.Kind switch
        {
            AuditKinds.Executing => (activity, name, 0),
            AuditKinds.Executed or AuditKinds.Verified => (activity, name, 1),
            AuditKinds.Failed => (activity, name, 2),
            AuditKinds.Undoing => (3, "Restore", 0),
            AuditKinds.Undone => (3, "Restore", 1),
            AuditKinds.NotUndone => (3, "Restore", 99),
            AuditKinds.RollbackFailed => (3, "Restore", 2),
            _ => null,
        };
    }

    /// <summary>What was done to the pipeline; activities of the class, and 99 with the kind of the entry where none of them fits.</summary>
    private static (int Class, int Activity, string Name) Managed(AuditEntry entry) =>
        entry.Kind switch
        {
            AuditKinds.StopEngaged => (Management, 11, "Deactivate"),
            AuditKinds.StopLifted => (Management, 10, "Activate"),
            AuditKinds.PolicyChanged => (Management, 3, "Update"),
            AuditKinds.Shredded => (Management, 4, "Delete"),
            _ => (Management, Other, entry.Kind),
        };

    private static JsonObject EntityOf(AuditEntry entry) =>
        entry.Kind == AuditKinds.PolicyChanged
            ? new JsonObject
            {
                ["name"] = "policies",
                ["type"] = "Policy",
                ["type_id"] = 5,
            }
            : new JsonObject
            {
                ["name"] = entry.Chain,
                ["type"] = "Pipeline",
                ["type_id"] = Other,
            };

    /// <summary>People are named by their object id; everything else is a part of the pipeline.</summary>
    private static JsonObject ActorOf(AuditEntry entry) =>
        Guid.TryParse(entry.Actor, out _)
            ? new JsonObject { ["user"] = new JsonObject { ["uid"] = entry.Actor } }
            : new JsonObject { ["app_name"] = entry.Actor };

    private void AddFinding(JsonObject json, AuditEntry entry)
    {
        var info = new JsonObject { ["uid"] = alert ?? entry.FactId, ["title"] = title.Length > 0 ? title : entry.Text };
        if (alert is not null)
            info["created_time"] = created;
        if (attacks is { Count: > 0 })
            info["attacks"] = attacks.DeepClone();
        json["finding_info"] = info;
        json["status_id"] = json["activity_id"]!.GetValue<int>() switch
        {
            1 => 1,
            3 => 4,
            _ => 2,
        };
        json["is_alert"] = json["activity_id"]!.GetValue<int>() == 1;
    }

    private static JsonObject Metadata(AuditEntry entry) =>
        new()
        {
            ["version"] = SchemaVersion,
            ["uid"] = $"{entry.Chain}/{entry.Sequence}",
            ["sequence"] = entry.Sequence,
            ["correlation_uid"] = entry.Chain,
            ["log_name"] = "record",
            ["original_time"] = entry.At.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
            ["product"] = new JsonObject { ["name"] = "IRFunctions", ["vendor_name"] = "IRFunctions" },
        };

    /// <summary>What binds the event to the record: with the hash it can be found there and proven.</summary>
    private static JsonObject Unmapped(AuditEntry entry, EntryDetails told)
    {
        var rest = new JsonObject
        {
            ["kind"] = entry.Kind,
            ["actor"] = entry.Actor,
            ["hash"] = entry.Hash,
        };
        if (told.Action.Length > 0)
            (rest["action"], rest["target"]) = (told.Action, told.Target);
        return rest;
    }

    private static JsonArray? ObservablesOf(EntryDetails told)
    {
        if (!told.Data.TryGetProperty("entities", out var entities) || entities.ValueKind != System.Text.Json.JsonValueKind.Array)
            return null;
        var list = new JsonArray();
        foreach (var entity in entities.EnumerateArray())
        {
            var type = EntryDetails.TextOf(entity, "type") ?? "";
            if (!entity.TryGetProperty("names", out var names) || names.GetArrayLength() == 0)
                continue;
            var value = names[0].GetString() ?? "";
            list.Add(
                new JsonObject
                {
                    ["name"] = $"{type}.{EntryDetails.TextOf(entity, "id")}",
                    ["type_id"] = TypeOf(type),
                    ["type"] = type,
                    ["value"] = value,
                }
            );
        }
        return list.Count == 0 ? null : list;
    }

    /// <summary>Observable types of the schema: 1 hostname, 2 address, 4 user name, 6 URL, 8 hash, 10 resource; 99 is other.</summary>
    private static int TypeOf(string type) =>
        type switch
        {
            "host" => 1,
            "ip" => 2,
            "account" => 4,
            "url" => 6,
            "file" => 8,
            "azureresource" => 10,
            _ => 99,
        };
}
