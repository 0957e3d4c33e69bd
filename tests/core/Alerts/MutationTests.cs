using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Thousands of seeded mutations of the real messages: never an exception, always an alert or reasons, always within the limits.
/// </summary>
public sealed class MutationTests
{
    private const int Rounds = 3000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_bytes_are_an_alert_or_have_reasons(int seed)
    {
        var random = new Random(seed);
        var messages = Real.Messages().Select(message => Real.Bytes(message.Message)).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = (byte[])messages[random.Next(messages.Length)].Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
                Corrupt(bytes, random);
            Check(random.Next(10) == 0 ? bytes.AsMemory(0, random.Next(bytes.Length)) : bytes, $"seed {seed} round {round}");
        }
    }

    private static void Corrupt(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        bytes[at] = random.Next(4) switch
        {
            0 => (byte)random.Next(256),
            1 => (byte)"\"\\{}[]:,0u\0"[random.Next(11)],
            2 => bytes[random.Next(bytes.Length)],
            _ => (byte)(bytes[at] ^ (1 << random.Next(8))),
        };
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Mutated_structure_is_an_alert_or_has_reasons(int seed)
    {
        var random = new Random(seed);
        var messages = Real.Messages().Select(message => message.Message).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var message = messages[random.Next(messages.Length)].DeepClone();
            for (var times = random.Next(1, 8); times > 0; times--)
                Mutate(message, random, messages);
            Check(Real.Bytes(message), $"seed {seed} round {round}");
        }
    }

    /// <summary>Walks down at random, also into JSON written as text, and there removes, renames, swaps or replaces a value.</summary>
    private static void Mutate(JsonNode? node, Random random, JsonNode[] donors)
    {
        switch (node)
        {
            case JsonArray { Count: > 0 } array:
                var index = random.Next(array.Count);
                if (random.Next(3) != 0 && array[index] is JsonObject or JsonArray)
                    Mutate(array[index], random, donors);
                else if (random.Next(2) == 0)
                    array.Add(array[index]?.DeepClone());
                else
                    array[index] = Replacement(random, donors);
                break;
            case JsonObject { Count: > 0 } members:
                MutateMember(members, members.ElementAt(random.Next(members.Count)).Key, random, donors);
                break;
        }
    }

    private static void MutateMember(JsonObject members, string key, Random random, JsonNode[] donors)
    {
        var value = members[key];
        if (random.Next(3) != 0 && value is JsonObject or JsonArray)
            Mutate(value, random, donors);
        else if (
            random.Next(3) != 0
            && value is JsonValue
            && value.GetValueKind() == JsonValueKind.String
            && TryParse(value.GetValue<string>()) is { } inner
        )
        {
            Mutate(inner, random, donors);
            members[key] = inner.ToJsonString();
        }
        else if (random.Next(4) == 0)
            members.Remove(key);
        else if (random.Next(4) == 0)
            members[key.ToUpperInvariant()] = value?.DeepClone();
        else
            members[key] = Replacement(random, donors);
    }

    private static JsonNode? TryParse(string text)
    {
        try
        {
            return text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode? Replacement(Random random, JsonNode[] donors) =>
        random.Next(12) switch
        {
            0 => null,
            1 => random.NextInt64(),
            2 => double.MaxValue,
            3 => true,
            4 => new JsonArray(),
            5 => new JsonObject(),
            6 => "\uD800\0\u202E",
            7 => new string('x', random.Next(20_000)),
            8 => new JsonObject { ["$ref"] = random.Next(12).ToString() },
            9 => "[{\"Type\":\"account\"},",
            10 => new JsonArray(1, null, "x", new JsonArray()),
            _ => donors[random.Next(donors.Length)].DeepClone(),
        };

    private static void Check(ReadOnlyMemory<byte> bytes, string which)
    {
        var reading = AlertParser.Read(bytes);
        Assert.True(reading.ReasonCode != AlertReasons.ParserFault, $"{which}: {reading.Explanation}");
        Assert.True(reading.IsAlert == (reading.ReasonCode is null) && reading.IsAlert == (reading.Faults.Count == 0), which);
        if (reading.Alert is not { } alert)
            return;
        Assert.True(alert.Id.Length is > 0 and <= AlertLimits.MaxName && alert.TenantId.Length > 0, which);
        Assert.True(alert.Title.Length <= AlertLimits.MaxName && alert.Description.Length <= AlertLimits.MaxText, which);
        Assert.True(alert.Entities.Count <= AlertLimits.MaxEntities && alert.Notes.Count <= AlertLimits.MaxNotes, which);
        Assert.True(
            (alert.Extra?.Length ?? 0) <= AlertLimits.MaxExtra && alert.Entities.All(e => (e.Extra?.Length ?? 0) <= AlertLimits.MaxExtra),
            which
        );
        Assert.True(alert.Entities.Select((entity, index) => entity.Id == $"e{index + 1}").All(same => same), which);
        Assert.DoesNotContain(alert.Title + string.Concat(alert.Entities.Select(e => e.Display)), char.IsControl);
        Assert.Equal(Real.Json(alert), Real.Json(AlertParser.Read(bytes).Alert!));
    }
}
