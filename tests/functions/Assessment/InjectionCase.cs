using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Tests.Alerts;
using IRFunctions.Tests.Decisions;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// One real message with one payload planted in it, one hostile answer, facts and a policy; all from one seed, which reproduces it. The way
/// from bytes to decision is the pipeline's own.
/// </summary>
internal sealed class InjectionCase
{
    private static readonly (JsonNode Message, Alert Alert, int Fields)[] Messages =
    [
        .. Real.Messages()
            .Where(m => Real.Read(m.Message).IsAlert)
            .Select(m => (m.Message, Real.Alert(m.Message), PlantedText.Fields(m.Message))),
    ];

    /// <summary>Messages that name something an action could touch; the others teach little.</summary>
    private static readonly (JsonNode Message, Alert Alert, int Fields)[] Aimable =
    [
        .. Messages.Where(m => Targets.OfAll(m.Alert).Count > 0),
    ];

    private static readonly PolicyParts[] Parts = [.. Enumerable.Range(0, 400).Select(i => GeneratedPolicies.Parts(new Random(i)))];
    private static readonly Policy[] Policies = [.. Parts.Select(p => new Policy([], p))];

    public static readonly string[] Payloads =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "injection", "payloads.jsonl"))
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!),
    ];

    public InjectionCase(int seed)
    {
        var random = new Random(seed);
        Seed = seed;
        Payload = Payloads[seed % Payloads.Length]; // every one in turn
        var (message, untouched, fields) = random.Pick(random.Chance(85) ? Aimable : Messages);
        Untouched = untouched;
        Field = random.Chance(40) || fields == 0 ? null : random.Next(fields);
        var reading = AlertParser.Read(JsonSerializer.SerializeToUtf8Bytes(PlantedText.Into(message, Payload, Field)));
        Planted = reading.Alert;
        Policy = random.Chance(25) ? Shipped.Policy : random.Pick(Policies);
        Answer = AdversarialAnswer.For(random, Planted ?? untouched, Policy, Payload);
        // Facts are what directory, logs and counters say: about the real targets, whatever text the alert carries.
        Facts = Calmer(random, GeneratedAlerts.Facts(random, untouched));
    }

    public int Seed { get; }

    public string Payload { get; }

    /// <summary>Number of the field planted; null for all at once.</summary>
    public int? Field { get; }

    public Alert Untouched { get; }

    /// <summary>
    /// Null where the planted message is no alert any more; it then ends as rejected, with a ticket, and nothing is decided.
    /// </summary>
    public Alert? Planted { get; }

    public string Answer { get; }

    public Facts Facts { get; }

    public Policy Policy { get; }

    /// <summary>As the Classifier does: the model's answer where it can be used, the rules' where not.</summary>
    public AlertAssessment Read(Alert alert)
    {
        var (assessment, problem) = AnswerReader.Read(Answer, alert);
        return assessment
            ?? RuleBasedAnswer.For(
                alert,
                [.. Policy.Actions.Values.Select(a => new AllowedAction(a.Name, a.Tier, a.TargetKind ?? "any", ""))]
            ) with
            {
                Problem = problem,
            };
    }

    /// <summary>Whether planting left every entity its id, so that the same answer speaks of the same things.</summary>
    public bool SameEntities =>
        Planted is not null
        && Untouched
            .Entities.Select(e => (e.Id, Targets.Of(e)?.Key))
            .SequenceEqual(Planted.Entities.Select(e => (e.Id, Targets.Of(e)?.Key)));

    public override string ToString() =>
        $"seed {Seed}, {Untouched.Shape} {Untouched.Id}, field "
        + $"{Field?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "all"}";

    private static Facts Calmer(Random random, Facts facts) =>
        random.Chance(40)
            ? facts
            : facts with
            {
                Stop = null,
                Budgets = new BudgetFacts(),
                OwnIdentities = [],
                Approvers = [],
                Identities = facts.Identities.ToDictionary(
                    p => p.Key,
                    p =>
                        p.Value with
                        {
                            Failed = random.Chance(8) ? "away" : null,
                            OnPremisesSynced = false,
                            Criticality = "critical",
                            CriticalityFailed = random.Chance(8) ? "away" : null,
                            Shared = false,
                            Roles = [],
                        }
                ),
            };
}
