using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Messages that are no alert and that people send all the same, each known by name: whoever finds one in the dead-letter queue reads what
/// it is and how to send what was meant.
/// </summary>
internal static class Families
{
    private const string Fetch = "have the sender fetch the alert (GET /security/alerts_v2/{id}) and send that.";
    private const string OnlyAlerts = "Send the alerts of that product, not its log: an alert has an id, a severity and what it is about.";

    private static readonly Family[] Known =
    [
        new(
            "an error answer of an API",
            root => root.HasObject("error") && root.Count <= 2,
            "The sender's own request failed; look at its run and send the alert again."
        ),
        new(
            "an Event Grid subscription validation",
            root => root.Has("validationCode"),
            "Event Grid wants an answer to this: subscribe a Logic App or a function that answers, and let that send alerts to the queue."
        ),
        new(
            "a lifecycle notification of a Microsoft Graph subscription",
            root => root.Has("lifecycleEvent"),
            "Renew or re-authorise the subscription, and for 'missed' read what was missed: GET /security/alerts_v2 by lastUpdateDateTime."
        ),
        new(
            "an encrypted Microsoft Graph change notification",
            root => root.HasObject("encryptedContent"),
            "The queue has no key for it: decrypt it at the receiver, or " + Fetch
        ),
        new(
            "a Microsoft Graph change notification",
            root => root.Has("resourceData") || root.Has("resource") && (root.Has("changeType") || root.Has("subscriptionId")),
            "This is a notification about an alert, not the alert: " + Fetch
        ),
        new(
            "an Azure Monitor alert (common alert schema)",
            root => root.Has("essentials") || root.Has("schemaId"),
            "Azure Monitor alerts are about services; only security alerts are handled here. Take this queue out of the action group."
        ),
        new(
            "an evidence or event record of the Defender XDR streaming API",
            StreamShape.IsEvent,
            "Only the tables AlertInfo and AlertEvidence make an alert, together and with one AlertId; or " + Fetch
        ),
        new(
            "a risky user or service principal of Entra ID Protection",
            root => root.Has("riskLevel") && root.Has("riskState"),
            "That is a state, not an alert: send the risk detections behind it (GET /identityProtection/riskDetections)."
        ),
        new(
            "an audit record of the Office 365 Management Activity API",
            root => root.Has("RecordType") && (root.Has("Workload") || root.Has("Operation")),
            "Only alerts are handled here: RecordType 40 (SecurityComplianceAlerts) with its AlertId, or the alert from Microsoft Graph."
        ),
        new(
            "a Defender for Cloud recommendation or compliance record",
            root => Says(root, "type", "Microsoft.Security/") || root.Has("recommendationId") || root.Has("assessedResourceId"),
            "Only Defender for Cloud's security alerts are handled here; export those (parameter defenderForCloud)."
        ),
        new(
            "a Defender for Endpoint machine, machine action or indicator",
            root => root.Has("machineActionId") || root.Has("indicatorValue") || root.Has("healthStatus") || root.Has("requestor"),
            "That is inventory or what somebody did; send the alert (GET /api/alerts/{id})."
        ),
        new(
            "a sign-in log record of Entra ID",
            root => Says(root, "category", "SignInLogs") || root.Has("conditionalAccessStatus") || root.Has("signInEventTypes"),
            OnlyAlerts
        ),
        new(
            "an audit log record of Entra ID",
            root => Says(root, "category", "AuditLogs") || root.Has("activityDisplayName") || root.Has("initiatedBy"),
            OnlyAlerts
        ),
        new(
            "an Azure activity log or diagnostic record",
            root =>
                root.Has("resourceProviderName")
                || root.Has("eventDataId")
                || (root.Has("operationName") && (root.Has("caller") || root.Has("category") || root.Has("resourceId"))),
            OnlyAlerts
        ),
        new(
            "a part of a Sentinel incident (comment, bookmark, entity, task, relation)",
            root => root.HasObject("properties") && Says(root, "type", "Microsoft.SecurityInsights/"),
            "Send the incident itself, from an automation rule (bicep/playbooks/sentinel-incident.json)."
        ),
        new(
            "an Event Grid event",
            root => root.Has("eventType") && (root.Has("topic") || root.Has("subject")) || root.Has("specversion"),
            "Only security alerts are handled here; filter the event subscription, or " + Fetch
        ),
        new(
            "a finding of Amazon Web Services",
            root => root.Has("AwsAccountId") || Says(root, "source", "aws.") || root.Has("detail-type"),
            "Only Microsoft's alerts are read: connect the account to Defender for Cloud or Sentinel and send their alert."
        ),
        new(
            "a finding of Google Security Command Center",
            root => root.Has("notificationConfigName") || root.HasObject("finding"),
            "Only Microsoft's alerts are read: connect the project to Defender for Cloud or Sentinel and send their alert."
        ),
        new(
            "an alert of another product (Elastic, Splunk, OCSF)",
            root => root.Has("search_name") || root.Has("kibana.alert.uuid") || root.Has("@timestamp") || root.Has("class_uid"),
            "Only Microsoft's alerts are read: write it as a SecurityAlert row (SystemAlertId, AlertName, AlertSeverity, "
                + "TenantId, Entities)."
        ),
    ];

    /// <summary>The refusal of what no shape reads: by its name where it has one, else by its fields.</summary>
    public static AlertReading Refuse(Fields root)
    {
        var family =
            Array.Find(Known, known => known.Matches(root))
            ?? (root.Session.Event is { } around ? Array.Find(Known, known => known.Matches(around)) : null);
        var problem = family is null
            ? $"This is no alert known here; its fields are: {root.Names()}."
            : $"This is {family.Name}, not an alert; its fields are: {root.Names()}.";
        return AlertReading.Rejected(AlertReasons.UnknownShape, new AlertFault(root.Place, problem, family?.Remedy ?? Shapes));
    }

    private const string Shapes =
        "Known shapes: Graph alert (alerts_v2, or the older alerts) and incident, risk detection, Defender API alert and incident, "
        + "advanced hunting row, Sentinel incident and alert, SecurityAlert and SecurityIncident row, Office 365 alert record.";

    private static bool Says(Fields root, string name, string start) =>
        root.Peek(name) is { ValueKind: JsonValueKind.String } value
        && value.GetString()!.StartsWith(start, StringComparison.OrdinalIgnoreCase);

    /// <param name="Name">With its article, as in "This is ..., not an alert".</param>
    /// <param name="Remedy">How to send what was meant.</param>
    private sealed record Family(string Name, Func<Fields, bool> Matches, string Remedy);
}
