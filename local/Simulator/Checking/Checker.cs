using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>
/// Judges what the pipeline did by S1 to S14 (docs/simulator.md lists every rule). It knows nothing of the product's types: it sees
/// requests that reached the tenant with what they changed, the record as it is exported, lists as the API shows them, what people did and
/// what they were answered, and the messages that were sent.
/// </summary>
/// <param name="now">The tenant's clock.</param>
/// <param name="step">The engine's steps so far.</param>
/// <param name="writesFail">Whether a write to this path would be hit by a fault now.</param>
internal sealed partial class Checker(Func<DateTimeOffset> now, Func<long> step, Func<string, string, bool> writesFail)
{
    private readonly Dictionary<string, Thing> things = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string, string), ContainmentModel> containments = [];
    private readonly Dictionary<string, RequestModel> requests = new(StringComparer.Ordinal);
    private readonly List<(AlertDraft Draft, DateTimeOffset At)> alerts = [];
    private readonly HashSet<string> said = new(StringComparer.Ordinal);
    private readonly List<(DateTimeOffset At, PolicyVariant Variant)> policies = [];
    private readonly List<Spent> spent = [];
    private readonly List<(DateTimeOffset At, string Key, string Body)> tickets = [];
    private readonly List<(DateTimeOffset At, string Key, string Text)> pages = [];
    private DateTimeOffset? stoppedSince;

    /// <summary>What is broken, in the order it was found; each rule once for each thing.</summary>
    public List<Violation> Violations { get; } = [];

    /// <summary>Seconds from the end of a hold, or from the first good answer after it, to the undo.</summary>
    public List<double> UndoneAfter { get; } = [];

    /// <summary>Effects judged.</summary>
    public int Effects { get; private set; }

    /// <summary>A message was put on the queue.</summary>
    public void Sent(AlertDraft draft) => alerts.Add((draft, now()));

    /// <summary>Somebody changed the policy files.</summary>
    public void Policy(PolicyVariant variant) => policies.Add((now(), variant));

    /// <summary>The stop was engaged or lifted, and the pipeline has taken that in.</summary>
    public void Stop(bool engaged) => stoppedSince = engaged ? stoppedSince ?? now() : null;

    private void Break(string invariant, string rule, string about, string text)
    {
        if (said.Add($"{invariant}.{rule} {about}"))
            Violations.Add(new Violation(invariant, rule, now(), step(), text));
    }

    private Thing ThingOf(string key)
    {
        if (!things.TryGetValue(key, out var thing))
            things[key] = thing = new Thing(key);
        return thing;
    }

    private ContainmentModel ContainmentOf(string action, string target)
    {
        var key = (action, target.ToLowerInvariant());
        if (!containments.TryGetValue(key, out var containment))
            containments[key] = containment = new ContainmentModel(action, target);
        return containment;
    }

    private static JsonNode? Parse(string? json)
    {
        try
        {
            return string.IsNullOrEmpty(json) ? null : JsonNode.Parse(json);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static string Time(DateTimeOffset at) => at.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
