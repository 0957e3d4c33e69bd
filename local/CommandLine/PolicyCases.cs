using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Local.CommandLine;

/// <summary>One case of a *.cases.yaml file after it ran.</summary>
/// <param name="Differences">What is not as expected; empty where the case passed.</param>
internal sealed record PolicyCaseResult(string File, int Line, string Name, IReadOnlyList<string> Differences);

/// <summary>
/// Runs the cases beside the policy: each names an alert, an assessment, facts, and every decision that is expected of them. A case says
/// only what it is about; the rest has the defaults below.
/// </summary>
internal static class PolicyCases
{
    /// <summary>The time of a case that names none.</summary>
    public const string DefaultNow = "2026-12-01T03:00:00Z";

    /// <summary>Runs every case of every file; a case that cannot be read is a result with differences, not an exception.</summary>
    public static IReadOnlyList<PolicyCaseResult> Run(IReadOnlyList<PolicyFile> files, Policy policy)
    {
        var results = new List<PolicyCaseResult>();
        foreach (var file in files)
        {
            var errors = new List<PolicyError>();
            var problems = new PolicyErrors(file.Name, errors);
            if (YamlTree.Read(file, problems) is { } map)
            {
                var top = new Section(map, "", problems);
                foreach (var section in top.Items("cases").ToArray())
                    results.Add(RunCase(file.Name, section, policy));
                top.Close();
            }

            if (errors.Count > 0)
                results.Add(new PolicyCaseResult(file.Name, errors[0].Line, "(the file)", [.. errors.Select(error => error.ToString())]));
        }

        return results;
    }

    private static PolicyCaseResult RunCase(string file, Section section, Policy policy)
    {
        var name = section.Text("name");
        try
        {
            var alert = Read<Alert>(
                section,
                "alert",
                new JsonObject
                {
                    ["id"] = "case",
                    ["tenantId"] = "tenant",
                    ["shape"] = "graphAlert",
                    ["title"] = name,
                }
            );
            var assessment = ReadAssessment(section);
            var facts = Read<Facts>(section, "facts", new JsonObject { ["now"] = DefaultNow });
            var decisions = Decider.Decide(alert, assessment, facts, policy);
            var expected = section.Items("expect").Select(Expectation.Read).ToArray();
            section.Close();
            return new PolicyCaseResult(file, section.Place.Line, name, Expectation.Compare(expected, decisions));
        }
        catch (JsonException exception)
        {
            return new PolicyCaseResult(file, section.Place.Line, name, [$"the case cannot be read: {exception.Message}"]);
        }
    }

    private static AlertAssessment ReadAssessment(Section section)
    {
        var defaults = new JsonObject
        {
            ["verdict"] = "truePositive",
            ["confidence"] = 90,
            ["reasoning"] = "",
            ["by"] = "model",
        };
        if (section.Has("assessment") && PolicyJson.From(section.PlaceOf("assessment")) is JsonObject given)
        {
            foreach (var recommendation in (given["recommendations"] as JsonArray ?? []).OfType<JsonObject>())
            {
                foreach (var (key, value) in new Dictionary<string, JsonNode?> { ["confidence"] = 90, ["reason"] = "" })
                    recommendation.TryAdd(key, value);
            }
            Merge(defaults, given);
        }

        return defaults.Deserialize<AlertAssessment>(PolicyJson.Options)!;
    }

    private static T Read<T>(Section section, string key, JsonObject defaults)
    {
        if (section.Has(key) && PolicyJson.From(section.PlaceOf(key)) is JsonObject given)
            Merge(defaults, given);
        return defaults.Deserialize<T>(PolicyJson.Options)!;
    }

    private static void Merge(JsonObject defaults, JsonObject given)
    {
        foreach (var (key, value) in given)
            defaults[key] = value?.DeepClone();
    }

    /// <summary>One expected decision; what it does not name may be anything.</summary>
    private sealed record Expectation(string Action, string Target, DecisionKind Kind, int? Quorum, IReadOnlyList<string> Reasons)
    {
        private static readonly Dictionary<string, DecisionKind> Kinds = new()
        {
            ["run"] = DecisionKind.Run,
            ["ask"] = DecisionKind.Ask,
            ["tell"] = DecisionKind.Tell,
            ["hold"] = DecisionKind.Hold,
        };

        public static Expectation Read(Section section)
        {
            var expectation = new Expectation(
                section.Text("action"),
                section.Has("target") ? section.Text("target") : "alert:case",
                section.Choice<DecisionKind>("kind", Kinds),
                section.Has("quorum") ? section.Number("quorum", 0, 10) : null,
                section.Words("reasons")
            );
            section.Close();
            return expectation;
        }

        public static List<string> Compare(IReadOnlyList<Expectation> expected, IReadOnlyList<Decision> decisions)
        {
            var differences = new List<string>();
            foreach (var one in expected)
            {
                var decision = decisions.FirstOrDefault(decision => decision.Action == one.Action && decision.Target.Key == one.Target);
                if (decision is null)
                    differences.Add($"expected {one.Action} on {one.Target} to be {one.Kind}, got no such decision");
                else
                    differences.AddRange(one.DifferencesTo(decision));
            }

            differences.AddRange(
                decisions
                    .Where(decision => !expected.Any(one => decision.Action == one.Action && decision.Target.Key == one.Target))
                    .Select(decision =>
                        $"got {decision.Action} on {decision.Target.Key} as {decision.Kind}, which is not expected ({Rules(decision)})"
                    )
            );
            return differences;
        }

        private IEnumerable<string> DifferencesTo(Decision decision)
        {
            if (decision.Kind != Kind)
                yield return $"expected {Action} on {Target} to be {Kind}, got {decision.Kind} ({Rules(decision)})";
            if (Quorum is { } quorum && decision.Quorum != quorum)
                yield return $"expected {Action} on {Target} to need {quorum} approvers, got {decision.Quorum}";
            foreach (var reason in Reasons)
                if (decision.Reasons.All(given => given.Rule != reason))
                    yield return $"expected {Action} on {Target} to give the reason {reason}, got {Rules(decision)}";
        }

        private static string Rules(Decision decision) => string.Join(", ", decision.Reasons.Select(reason => reason.Rule));
    }
}
