using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Every entity of every sample: typed, or of a kind that is knowingly left with its name (tests/data/alerts/corpus.json has the count of
/// each), and none of its names and ids lost.
/// </summary>
public sealed class CorpusTests
{
    private static readonly string[] Telling =
    [
        "aadUserId",
        "azureAdUserId",
        "accountObjectId",
        "userPrincipalName",
        "accountUpn",
        "upn",
        "sid",
        "userSid",
        "accountSid",
        "address",
        "ipAddress",
        "remoteIP",
        "hostName",
        "deviceDnsName",
        "mdeDeviceId",
        "mdatpDeviceId",
        "sha256",
        "sha1",
        "hashValue",
        "url",
        "networkMessageId",
        "internetMessageId",
        "recipient",
        "recipientEmailAddress",
        "mailboxPrimaryAddress",
        "primaryAddress",
        "commandLine",
        "processCommandLine",
        "resourceId",
        "azureResourceId",
        "appId",
        "oauthAppId",
        "domainName",
        "accountName",
        "fileName",
        "registryKey",
    ];

    public static IEnumerable<(string Name, JsonNode Message)> Corpus() =>
        [
            .. Real.Messages(),
            .. Files("cases"),
            .. Files("families").Where(family => Real.Read(family.Message).IsAlert),
            .. Evaluation(),
            .. Public("alert").Select((message, index) => ($"public {index + 1}", message)),
        ];

    private static IEnumerable<(string Name, JsonNode Message)> Files(string folder) =>
        System
            .IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "alerts", folder), "*.json")
            .Order()
            .Select(path => (Path.GetFileName(path), JsonNode.Parse(System.IO.File.ReadAllText(path))!));

    /// <summary>Messages of tests/data/alerts/public.json by what they are.</summary>
    private static IEnumerable<JsonNode> Public(string kind) =>
        Real.Data("public.json").AsArray().Where(entry => (string?)entry!["is"] == kind).Select(entry => entry!["body"]!);

    private static IEnumerable<(string Name, JsonNode Message)> Evaluation() =>
        System
            .IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples", "evaluation"), "*.jsonl")
            .Order()
            .SelectMany(System.IO.File.ReadAllLines)
            .Select((line, index) => (Name: $"evaluation {index + 1}", Message: JsonNode.Parse(line)!["alert"]))
            .Where(sample => sample.Message is not null) // The others name a file of samples/.
            .Select(sample => (sample.Name, sample.Message!));

    [Fact]
    public void Every_sample_is_an_alert() =>
        Assert.All(
            Corpus(),
            sample => Assert.True(Real.Read(sample.Message).IsAlert, $"{sample.Name}: {Real.Read(sample.Message).Explanation}")
        );

    [Fact]
    public void Every_entity_of_every_sample_is_typed_or_knowingly_left()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (_, message) in Corpus())
        {
            foreach (var entity in Entities(message))
            {
                var kind = KindOf(entity);
                counts[kind] = counts.GetValueOrDefault(kind) + 1;
            }
        }
        var expected = Real.Data("corpus.json")["counts"]!
            .AsObject()
            .ToDictionary(count => count.Key, count => count.Value!.GetValue<int>());
        Assert.True(expected.OrderBy(c => c.Key, StringComparer.Ordinal).SequenceEqual(counts), JsonSerializer.Serialize(counts));
    }

    [Fact]
    public void No_name_or_id_of_an_entity_is_lost()
    {
        var lost = new List<string>();
        foreach (var (name, message) in Corpus())
        {
            var alert = Real.Alert(message);
            if (alert.Notes.Any(note => note.Contains("left out", StringComparison.Ordinal)))
                continue; // Said, and tested in AlertKindTests.
            var kept = string.Join('\n', Texts(JsonNode.Parse(Real.Json(alert))));
            foreach (var entity in Entities(message))
            {
                foreach (var (field, value) in Scalars(entity))
                {
                    var isTelling = Telling.Contains(field, StringComparer.OrdinalIgnoreCase);
                    if (isTelling && !kept.Contains(value.Trim('"').ToLowerInvariant(), StringComparison.Ordinal))
                        lost.Add($"{name}: {field} {value}");
                }
            }
        }
        Assert.Empty(lost);
    }

    /// <summary>Every text of the alert, also those in its leftovers.</summary>
    private static HashSet<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonArray array => [.. array.SelectMany(Texts)],
            JsonObject item => [.. item.SelectMany(member => Texts(member.Value))],
            JsonValue value when value.GetValueKind() == JsonValueKind.String => Opened(value.GetValue<string>()) is { } opened
                ? Texts(opened)
                : [value.GetValue<string>().ToLowerInvariant()],
            _ => [],
        };

    private static IEnumerable<(string Field, string Value)> Scalars(JsonObject entity)
    {
        foreach (var (field, value) in entity)
        {
            if (
                value is JsonValue scalar
                && scalar.GetValueKind() == JsonValueKind.String
                && scalar.GetValue<string>().Trim() is { Length: > 2 } text
            )
                yield return (
                    field,
                    text.Contains('.', StringComparison.Ordinal) && field.Contains("Name", StringComparison.OrdinalIgnoreCase)
                        ? text.Split('.')[0]
                        : text
                );
        }
    }

    /// <summary>What the entity becomes, its neighbours being there for it to refer to: its kind, or "left: " and its plain name.</summary>
    private static string KindOf(JsonObject entity)
    {
        var neighbours = entity.Parent is JsonArray list ? list.Where(item => item != entity) : [];
        var alone = new JsonObject
        {
            ["SystemAlertId"] = "a",
            ["TenantId"] = "w",
            ["AlertName"] = "n",
            ["Entities"] = new JsonArray([entity.DeepClone(), .. neighbours.Select(item => item?.DeepClone())]),
        };
        return Real.Alert(alone).Entities switch
        {
            [OtherEntity other, ..] => $"left: {other.Type}",
            [var first, ..] => EntityKind.Of(first),
            _ => "nothing",
        };
    }

    /// <summary>Every object that a source means as an entity, wherever it stands, also in JSON written as text.</summary>
    private static IEnumerable<JsonObject> Entities(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array:
                return array.SelectMany(Entities);
            case JsonObject item:
                var inner = item.SelectMany(member => Entities(member.Value));
                return IsEntity(item) ? inner.Prepend(item) : inner;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && Opened(value.GetValue<string>()) is { } opened:
                return Entities(opened);
            default:
                return [];
        }
    }

    private static bool IsEntity(JsonObject item) =>
        Text(item, "@odata.type")?.EndsWith("Evidence", StringComparison.Ordinal) == true
        || (
            item.ContainsKey("$id")
            && Text(item, "Type") is not null
            && !item.ContainsKey("AzureResourceTenantId")
            && Text(item, "Type") is not "AAD"
        )
        || (
            Text(item, "type")?.EndsWith("SecurityInsights/Entities", StringComparison.OrdinalIgnoreCase) == true
            && Text(item, "kind") != "SecurityAlert"
        )
        || (Text(item, "entityType") is not null && !item.ContainsKey("AlertId") && !item.ContainsKey("title"));

    private static string? Text(JsonObject item, string name) =>
        item.FirstOrDefault(member => member.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is JsonValue value
        && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : null;

    private static JsonNode? Opened(string text)
    {
        try
        {
            return text.TrimStart() is ['{' or '[' or '"', ..] ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
