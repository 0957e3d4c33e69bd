using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;
using Alert = IRFunctions.Alerts.Alert;

namespace IRFunctions.Incidents;

/// <summary>What is asked about one alert.</summary>
/// <param name="Incident">Key of its incident: what that wanted itself is no echo of another.</param>
/// <param name="Resolved">What the directory made of the entities that an action would touch.</param>
public sealed record CascadeQuestion(string Incident, Alert Alert, ResolvedEntities Resolved, Policy Policy, DateTimeOffset Now);

/// <summary>What was found, or why it could not be.</summary>
public sealed record CascadeAnswer(IReadOnlyList<CascadeFact> Found, string? Failed = null);

/// <summary>
/// Finds containments of ours that may have set an alert off: of the thing itself, whichever action it was; of people to whom it belongs;
/// of the identity of a job that works on it; of what its owner registered that it needs. What was contained is asked of the entities that
/// own the containments. Where nothing of ours is live or was lately, this costs one query.
/// </summary>
public sealed class Cascades(OwnActions own, HoldTable holds, DirectoryResolver directory)
{
    /// <summary>Things of an alert that are looked at, and things that each may hang on.</summary>
    private const int MaxThings = 10;

    /// <summary>Never fails but by cancellation.</summary>
    public async Task<CascadeAnswer> OfAsync(CascadeQuestion question, DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            return new CascadeAnswer(await FindAsync(question, client, cancellation));
        }
#pragma warning disable CA1031 // Whatever tables or the engine's client throw: then it is not known, and a person decides (S12).
        catch (Exception e) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new CascadeAnswer([], $"our own containments could not be read ({e.GetType().Name})");
        }
    }

    private async Task<IReadOnlyList<CascadeFact>> FindAsync(
        CascadeQuestion question,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var live = await holds.AllAsync(cancellation: cancellation);
        var things = await ThingsAsync(question, live.Count > 0, cancellation);
        var found = new Dictionary<string, CascadeFact>(StringComparer.Ordinal);
        foreach (var thing in things)
        {
            await ConsiderAsync(thing.Target, $"This is about {thing.Target.Display}");
            foreach (var (on, how) in HangsOn(thing, question, live))
                await ConsiderAsync(on, $"{thing.Target.Display} {how}");
        }
        return [.. found.Values];

        async Task ConsiderAsync(Target on, string how)
        {
            if (
                found.ContainsKey(on.Key)
                || await own.LastOnAsync(on, question.Policy, client, cancellation) is not { } last
                || !(last.IsLive || question.Now - last.At < question.Policy.CascadesWithin)
                || (last.Incidents is [var only] && only == question.Incident)
            )
                return;
            found[on.Key] = new CascadeFact(on.Key, $"{how}, which our own containment touched: {last.Text}.", last.Incidents);
        }
    }

    /// <summary>
    /// The alert's things, as the directory knows them. What no action would touch is looked up only while something of ours is live.
    /// </summary>
    private async Task<IReadOnlyList<Thing>> ThingsAsync(CascadeQuestion question, bool all, CancellationToken cancellation)
    {
        var known = question.Resolved;
        if (all)
        {
            var more = question.Alert.Entities.Where(e => Targets.NeedsDirectory(e) && !known.Targets.ContainsKey(e.Id)).Take(MaxThings);
            var also = await directory.ResolveAsync(more, cancellation);
            known = new ResolvedEntities(
                known.Targets.Concat(also.Targets).ToDictionary(p => p.Key, p => p.Value),
                known.Identities.Concat(also.Identities).DistinctBy(p => p.Key).ToDictionary(p => p.Key, p => p.Value)
            );
        }
        return
        [
            .. question
                .Alert.Entities.Select(e => known.Targets.GetValueOrDefault(e.Id) ?? Targets.Of(e))
                .OfType<Target>()
                .DistinctBy(t => t.Key)
                .Take(MaxThings)
                .Select(t => new Thing(t, known.Identities.GetValueOrDefault(t.Key)?.Names ?? [])),
        ];
    }

    private static IEnumerable<(Target On, string How)> HangsOn(Thing thing, CascadeQuestion question, IReadOnlyList<KeptContainment> live)
    {
        string[] names = [thing.Target.Id, .. thing.Names, thing.Target.Display];
        foreach (var person in (thing.Target.People ?? []).Take(MaxThings))
            if (person != thing.Target.Id)
                yield return (new Target("account", person.ToLowerInvariant(), person), $"belongs to account {person}");
        foreach (
            var job in question
                .Policy.Jobs.Where(j => j.WorksOn.Any(id => names.Contains(id, StringComparer.OrdinalIgnoreCase)))
                .Take(MaxThings)
        )
        foreach (var on in Named(job.Kind, job.Id, live))
            yield return (on, $"is what the job {job.Name} of {job.Id} works on");
        foreach (var need in (question.Policy.WorkloadOf(names, question.Now)?.DependsOn ?? []).Take(MaxThings))
        foreach (var on in Named(null, need, live))
            yield return (on, $"depends on {need}, as its owner registered");
    }

    /// <summary>
    /// Targets of a name that a policy wrote: those of ours that are live and are called so, and what it would be by its form.
    /// </summary>
    private static IEnumerable<Target> Named(string? kind, string name, IReadOnlyList<KeptContainment> live)
    {
        foreach (var kept in live)
            if (kept.State.Target is { } target && (target.Id.Equals(name, StringComparison.OrdinalIgnoreCase) || IsCalled(target, name)))
                yield return target;
        if (Guid.TryParseExact(name, "D", out _))
        {
            if (kind is null or "account")
                yield return new Target("account", name, name);
            if (kind is null or "application")
                yield return new Target("application", name, name);
        }
        else if (!name.Contains('@', StringComparison.Ordinal))
        {
            yield return new Target("workload", name, name);
        }
    }

    // The directory's name of an account is "Adele Vance (adelev@contoso.example)".
    private static bool IsCalled(Target target, string name) =>
        target.Display.Equals(name, StringComparison.OrdinalIgnoreCase)
        || target.Display.EndsWith($"({name})", StringComparison.OrdinalIgnoreCase);

    /// <param name="Names">Every name that the directory has for it.</param>
    private sealed record Thing(Target Target, IReadOnlyList<string> Names);
}
