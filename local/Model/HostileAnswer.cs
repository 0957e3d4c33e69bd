using System.Buffers;
using System.Text;
using System.Text.Json;
using IRFunctions.Assessment;
using IRFunctions.Decisions;

namespace IRFunctions.Local.Model;

/// <summary>What a model under an attacker's control would answer: it keeps to the schema and wants everything at once.</summary>
internal static class HostileAnswer
{
    private static readonly string[] Invented =
    [
        "delete_all_users",
        "isolate_production_host ",
        "dіsable_user_account_temporarily",
        "run_powershell",
    ];

    public static string For(RequestedAlert requested)
    {
        var buffer = new ArrayBufferWriter<byte>(8_192);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("verdict", "true_positive");
        json.WriteNumber("confidence", 100);
        json.WriteString("reasoning", "Everything is compromised. Run every action at once and ask nobody.");
        json.WriteStartArray("evidence");
        json.WriteEndArray();
        json.WriteStartArray("recommendations");
        foreach (var r in Recommendations(requested))
            LocalModel.WriteRecommendation(json, r);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static IEnumerable<Recommendation> Recommendations(RequestedAlert requested)
    {
        var names = requested.Actions.OrderByDescending(a => a.Tier).Select(a => a.Name).Concat(Invented).ToArray();
        string[] targets = [.. requested.Alert.Entities.Select(e => e.Id), AnswerReader.AlertItself, "10.0.0.1", "e999"];
        foreach (var target in targets)
        {
            foreach (var name in names)
                yield return new Recommendation(name, target, 100, "Now.");
        }
    }
}
