using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.People;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>What an incident has under way.</summary>
/// <param name="Begun">Claims of which neither request nor containment is there yet.</param>
public sealed record OpenWorkFound(IReadOnlyList<OpenWork> Open, int Begun);

/// <summary>Input of ShowClosing.</summary>
/// <param name="Asks">Whether people are asked to end it.</param>
public sealed record ClosingInput(string Title, string Text, IReadOnlyList<OpenWork> Open, bool Asks);

/// <summary>The activities around a closing at the source: what is under way, and telling those who were asked about it.</summary>
public sealed class ClosingActivities(ApprovalRegister register, CardSender cards, TeamsNotes notes, TimeProvider time)
{
    private const int MostMerged = 20;

    /// <summary>What this incident, and those that were merged into it, still ask for or hold.</summary>
    [Function(nameof(FindOpenWork))]
    public async Task<OpenWorkFound> FindOpenWork(
        [ActivityTrigger] string incident,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (open, begun) = (new List<OpenWork>(), 0);
        List<string> chains = [incident];
        for (var i = 0; i < chains.Count && i < MostMerged; i++)
        {
            var state = await client.Entities.GetEntityAsync<RegisterState>(IncidentRegister.For(chains[i]), cancellation: cancellation);
            if (state is not { IncludesState: true })
                continue;
            chains.AddRange(state.State.Merged.Except(chains));
            foreach (var key in state.State.Claims.Where(c => c.Value.Held).Select(c => c.Key))
            {
                var (work, ended) = await FindAsync(client, chains[i], key, cancellation);
                if (work is not null && open.All(o => o.Id != work.Id))
                    open.Add(work);
                begun += work is null && !ended ? 1 : 0;
            }
        }
        return new OpenWorkFound([.. open.OrderBy(o => o.Id, StringComparer.Ordinal)], begun);
    }

    /// <summary>
    /// Notes on requests and their cards, fresh cards for what is in effect, a note in the channel. None of it is an answer.
    /// </summary>
    [Function(nameof(ShowClosing))]
    public async Task ShowClosing([ActivityTrigger] ClosingInput input, CancellationToken cancellation)
    {
        foreach (var work in input.Open)
        {
            if (work.Kind == OpenWorkKind.Request)
                await cards.ShowNoteAsync(work.Id, input.Text, cancellation);
            else if (input.Asks)
                await cards.RemindAsync(work.Id, ResultState.Questioned, input.Text, work.Until, cancellation);
        }
        if (input.Asks)
            await notes.TryPostAsync(input.Title, input.Text, cancellation);
    }

    private async Task<(OpenWork? Work, bool Ended)> FindAsync(
        DurableTaskClient client,
        string incident,
        string key,
        CancellationToken cancellation
    )
    {
        var held = await client.Entities.GetEntityAsync<RollbackState>(
            new EntityInstanceId(nameof(ScheduledRollback), key),
            cancellation: cancellation
        );
        if (held is { IncludesState: true } && IsInEffectFor(held.State, incident))
            return (Of(key, held.State, incident), false);
        var asked = await client.Entities.GetEntityAsync<OpenRequestsState>(
            new EntityInstanceId(nameof(OpenRequests), key),
            cancellation: cancellation
        );
        foreach (var request in asked is { IncludesState: true } ? asked.State.ByHash.Values.ToList() : [])
        {
            if (
                await register.ViewAsync(request.Request, cancellation) is { State: ApprovalState.Pending } view
                && view.Deadline > time.GetUtcNow()
                && (view.Request.Incident == incident || request.Joined.Any(w => IsOf(w.Instance, incident)))
            )
                return (Of(request, view, incident), false);
        }
        return (null, held is { IncludesState: true } && held.State.HasEndedFor(incident));
    }

    private static bool IsInEffectFor(RollbackState state, string incident) =>
        state.Status switch
        {
            ContainmentStatus.Live => state.Holds.Any(h => h.Incident == incident),
            ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed => state.Incidents.Contains(incident),
            _ => false,
        };

    private static OpenWork Of(string key, RollbackState state, string incident) =>
        new(
            OpenWorkKind.Containment,
            key,
            state.Action,
            state.Target?.Display ?? key,
            state.UndoAt,
            state.Holds.Any(h => h.Incident != incident)
        );

    private static OpenWork Of(OpenRequest request, ApprovalView view, string incident) =>
        new(
            OpenWorkKind.Request,
            request.Request,
            view.Request.Decision.Action,
            view.Request.Decision.Target.Display,
            view.Deadline,
            view.Request.Incident != incident || request.Joined.Any(w => !IsOf(w.Instance, incident))
        );

    /// <summary>Instances of an incident's alerts are called like the incident.</summary>
    private static bool IsOf(string instance, string incident) =>
        instance == incident || instance.StartsWith(incident + "-", StringComparison.Ordinal);
}
