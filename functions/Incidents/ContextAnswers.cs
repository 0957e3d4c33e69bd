using System.Globalization;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Policies;

namespace IRFunctions.Incidents;

/// <summary>What is known when the context checks of a policy are answered.</summary>
/// <param name="Identities">By target key.</param>
/// <param name="Own">What we did last to each target, by target key; null for nothing.</param>
public sealed record ContextKnown(
    Policy Policy,
    IReadOnlyDictionary<string, IdentityFacts> Identities,
    IReadOnlyDictionary<string, OwnAction?> Own,
    DateTimeOffset Now
);

/// <summary>Answers one context check by its name in context.yaml.</summary>
public interface IContextAnswer
{
    /// <summary>Name of the check.</summary>
    string Check { get; }

    /// <summary>By key of what was needed; what is missing is not known, and asks a person.</summary>
    Task<IReadOnlyDictionary<string, ContextFact>> AnswerAsync(
        IReadOnlyList<CheckNeeded> needed,
        ContextKnown known,
        CancellationToken cancellation
    );
}

/// <summary>Every check that a policy may use, by the code that answers it. One that none answers stays unknown and asks.</summary>
public sealed class ContextAnswers(IEnumerable<IContextAnswer> answers)
{
    private readonly Dictionary<string, IContextAnswer> answers = answers.ToDictionary(a => a.Check, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Checks => answers.Keys;

    public async Task<Dictionary<string, ContextFact>> AnswerAsync(
        IReadOnlyList<CheckNeeded> needed,
        ContextKnown known,
        CancellationToken cancellation
    )
    {
        var facts = new Dictionary<string, ContextFact>(StringComparer.Ordinal);
        foreach (var group in needed.GroupBy(c => c.Check.Name, StringComparer.Ordinal))
            if (answers.TryGetValue(group.Key, out var answer))
                foreach (var (key, fact) in await answer.AnswerAsync([.. group], known, cancellation))
                    facts[key] = fact;
        return facts;
    }
}

/// <summary>When we last acted on the target.</summary>
internal sealed class OwnActionAnswer : IContextAnswer
{
    public string Check => "not_touched_by_us";

    public Task<IReadOnlyDictionary<string, ContextFact>> AnswerAsync(
        IReadOnlyList<CheckNeeded> needed,
        ContextKnown known,
        CancellationToken cancellation
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, ContextFact>>(
            needed.ToDictionary(
                c => c.Key,
                c => new ContextFact(
                    known.Own[c.Target.Key]?.At.ToString("O", CultureInfo.InvariantCulture) ?? "never",
                    Detail: known.Own[c.Target.Key]?.Text
                )
            )
        );
}

/// <summary>Whether a registered job of the account may be running.</summary>
internal sealed class ApprovedJobAnswer : IContextAnswer
{
    public string Check => ApprovedJobs.Check;

    public Task<IReadOnlyDictionary<string, ContextFact>> AnswerAsync(
        IReadOnlyList<CheckNeeded> needed,
        ContextKnown known,
        CancellationToken cancellation
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, ContextFact>>(
            needed.ToDictionary(
                c => c.Key,
                c => ApprovedJobs.Answer(known.Policy, c.Target, known.Identities.GetValueOrDefault(c.Target.Key), known.Now)
            )
        );
}

/// <summary>
/// Successful sign-ins from the address and connections with it in the last 24 hours. Whether a connection of a device was an approved
/// transfer no log says, so any connection counts.
/// </summary>
internal sealed class TrafficAnswer(Hunting hunting) : IContextAnswer
{
    public string Check => "no_legitimate_traffic";

    public async Task<IReadOnlyDictionary<string, ContextFact>> AnswerAsync(
        IReadOnlyList<CheckNeeded> needed,
        ContextKnown known,
        CancellationToken cancellation
    )
    {
        var facts = new Dictionary<string, ContextFact>(StringComparer.Ordinal);
        var addresses = needed.Where(c => c.Target.Kind == "ip").ToArray();
        if (addresses.Length == 0)
            return facts;
        try
        {
            var signIns = await hunting.SignInsFromAsync(addresses.Select(c => c.Target.Id), cancellation);
            var connections = await hunting.ConnectionsAsync(addresses.Select(c => c.Target.Id), cancellation);
            foreach (var check in addresses)
            {
                // What is not in the answer was not asked about, and stays unknown: that asks a person.
                if (signIns.TryGetValue(check.Target.Id, out var seen) && connections.TryGetValue(check.Target.Id, out var count))
                    facts[check.Key] = new ContextFact(((long)seen.Succeeded + count).ToString(CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            foreach (var check in addresses)
                facts[check.Key] = new ContextFact(null, e.Message);
        }
        return facts;
    }
}
