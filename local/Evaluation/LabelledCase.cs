using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Local.Evaluation;

/// <summary>An alert and what it is.</summary>
/// <param name="Id">Name in the file.</param>
/// <param name="Label">What it is, by whoever labelled it; never unknown.</param>
/// <param name="Why">The labeller's reason.</param>
/// <param name="Helpful">Actions that would help; empty where none would.</param>
internal sealed record LabelledCase(string Id, Verdict Label, string Why, IReadOnlyList<string> Helpful, Alert Alert);

/// <summary>A text to plant into every alert.</summary>
internal sealed record PlantedOrder(string Id, string Text);

/// <summary>The contents of a case file.</summary>
internal sealed record CaseFile(IReadOnlyList<LabelledCase> Cases, IReadOnlyList<PlantedOrder> Orders)
{
    /// <summary>JSON Lines; see samples/evaluation/NOTICE for the form.</summary>
    /// <exception cref="FormatException">A line cannot be used; the message names it.</exception>
    public static CaseFile Read(string path)
    {
        var cases = new List<LabelledCase>();
        var orders = new List<PlantedOrder>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                var root = document.RootElement;
                var id = root.GetProperty("id").GetString() ?? throw new FormatException("id is null");
                if (root.TryGetProperty("injection", out var text))
                    orders.Add(new PlantedOrder(id, text.GetString() ?? ""));
                else
                    cases.Add(ReadCase(id, root));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new FormatException($"{path}:{number}: {e.Message}", e);
            }
        }
        return cases.Count > 0 ? new CaseFile(cases, orders) : throw new FormatException($"{path} holds no labelled alert");
    }

    private static LabelledCase ReadCase(string id, JsonElement root)
    {
        var label = root.GetProperty("label").GetString() switch
        {
            "true_positive" => Verdict.TruePositive,
            "benign_positive" => Verdict.BenignPositive,
            "false_positive" => Verdict.FalsePositive,
            var other => throw new FormatException($"label is true_positive, benign_positive or false_positive, not {other}"),
        };
        var reading = AlertParser.Read(JsonSerializer.SerializeToUtf8Bytes(root.GetProperty("alert")));
        if (reading.Alert is null)
            throw new FormatException($"the alert of {id} cannot be read: {reading.Explanation}");
        var helpful = root.TryGetProperty("helpful", out var list) ? list.EnumerateArray().Select(a => a.GetString()!).ToArray() : [];
        return new LabelledCase(id, label, root.TryGetProperty("why", out var why) ? why.GetString() ?? "" : "", helpful, reading.Alert);
    }
}
