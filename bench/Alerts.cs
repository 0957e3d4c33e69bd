using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Bench;

/// <summary>Many alerts of the size and shape of real ones (samples/), each about something of its own.</summary>
internal sealed class Alerts
{
    private readonly string before;
    private readonly string between;
    private readonly string after;
    private readonly Func<int, string> target;

    private Alerts(JsonNode sample, string idMark, string targetMark, Func<int, string> target)
    {
        var text = sample.ToJsonString();
        var (first, second) = (text.IndexOf(idMark, StringComparison.Ordinal), text.IndexOf(targetMark, StringComparison.Ordinal));
        (before, between, after) = (text[..first], text[(first + idMark.Length)..second], text[(second + targetMark.Length)..]);
        this.target = target;
    }

    /// <summary>The entity the model recommends to act on.</summary>
    public string EntityId => AlertParser.Read(Body(0)).Alert!.Entities[0].Id;

    /// <summary>Table rows of Sentinel's SecurityAlert about a malicious address: tier 1, nobody is asked.</summary>
    public static Alerts AboutAddresses()
    {
        var row = Sample("securityalert-row-malicious-machine.json");
        row["SystemAlertId"] = "@id@";
        row["Entities"] = """[{"$id":"1","Address":"@target@","Type":"ip"}]""";
        return new Alerts(row, "@id@", "@target@", Address);
    }

    /// <summary>Graph alerts about an account whose sign-in looks stolen: tier 2, so people are asked.</summary>
    public static Alerts AboutAccounts()
    {
        var alert = Sample("graph-alert-account-adele.json");
        foreach (var name in (string[])["providerAlertId", "incidentId", "incidentWebUrl", "alertWebUrl"])
            alert.AsObject().Remove(name);
        alert["id"] = "@id@";
        alert["evidence"] = new JsonArray([
            .. alert["evidence"]!.AsArray().Where(e => e!["userAccount"]?["azureAdUserId"] is not null).Take(1).Select(e => e!.DeepClone()),
        ]);
        alert["evidence"]![0]!["userAccount"]!["azureAdUserId"] = "@target@";
        return new Alerts(alert, "@id@", "@target@", Account);
    }

    /// <summary>The n-th alert as it travels on the queue.</summary>
    public byte[] Body(int number) =>
        Encoding.UTF8.GetBytes(
            string.Concat(before, string.Create(CultureInfo.InvariantCulture, $"bench-{number:D8}"), between, target(number), after)
        );

    /// <summary>A public address for each number up to four million.</summary>
    private static string Address(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{45 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}.77");

    private static string Account(int number) => string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-9000-{number:x12}");

    private static JsonNode Sample(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", file)))!;
}
