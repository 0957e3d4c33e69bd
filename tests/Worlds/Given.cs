using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Worlds;

/// <summary>Alerts for whole incidents, made from the shape of real ones (samples/).</summary>
internal static class Given
{
    /// <summary>A Graph alert about an account whose sign-in looks stolen; the rules recommend to disable it.</summary>
    public static JsonNode StolenAccount(string user = World.Adele, string alert = "alert-1", string incident = "incident-1")
    {
        var json = Sample("graph-alert-account-adele.json");
        json["id"] = alert;
        json["providerAlertId"] = alert;
        json["incidentId"] = incident;
        json["title"] = "Unfamiliar sign-in properties";
        json["category"] = "InitialAccess";
        json["mitreTechniques"] = new JsonArray("T1078");
        // Only the account: other evidence makes decisions of its own.
        json["evidence"] = new JsonArray([
            .. json["evidence"]!.AsArray().Where(e => e!["userAccount"]?["azureAdUserId"] is not null).Select(e => e!.DeepClone()),
        ]);
        foreach (var evidence in json["evidence"]!.AsArray())
        {
            if (evidence!["userAccount"] is JsonObject account && account["azureAdUserId"] is not null)
                account["azureAdUserId"] = user;
        }
        return json;
    }

    /// <summary>A SecurityAlert row about a malicious address; the rules recommend to watch it.</summary>
    public static JsonNode MaliciousAddress(string alert = "address-1", string address = "203.0.113.7")
    {
        var json = Sample("securityalert-row-malicious-machine.json");
        json["SystemAlertId"] = alert;
        json["Entities"] = $$"""[{"$id":"1","Address":"{{address}}","Type":"ip"}]""";
        return json;
    }

    public static JsonNode Sample(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", file)))!;
}
