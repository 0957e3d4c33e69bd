using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>How fast it was undone, beside what is promised.</summary>
/// <param name="AskedAt">When the undo was asked for; null where it was not.</param>
/// <param name="Seconds">From asking to read back; null until then.</param>
/// <param name="Kept">Whether the promise was kept; null until it is undone.</param>
public sealed record ReleaseTime(DateTimeOffset? AskedAt, double? Seconds, double GoalSeconds, double PromiseSeconds, bool? Kept);

/// <summary>One containment, in words and as its owner has it.</summary>
/// <param name="UndoAt">When it ends by itself; null where it does not.</param>
/// <param name="Incidents">Addresses of the incidents that held it.</param>
public sealed record ContainmentDetails(
    string Id,
    DateTimeOffset? UndoAt,
    ContainmentAnswer Answer,
    ReleaseTime Release,
    IReadOnlyList<string> Incidents,
    RollbackState State
);

/// <summary>One containment: what it is, what it means in plain words, and how fast it was undone. Changes nothing.</summary>
public sealed class ContainmentAnswerApi(RequestGuard guard, PolicyStore policies, IncidentTable incidents, RowTrouble trouble)
{
    private const double GoalSeconds = 5;
    private const double PromiseSeconds = 60;
    private const int MostAlerts = 10;

    [EndpointSummary("One containment, in plain words")]
    [EndpointDescription("Its ETag may be sent as If-Match with a change.")]
    [ProducesResponseType<ContainmentDetails>(200)]
    [Function("GetContainment")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/containments/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            new EntityInstanceId(nameof(ScheduledRollback), id),
            cancellation: cancellation
        );
        if (entity is not { IncludesState: true } || entity.State.Status == ContainmentStatus.None)
            return ProblemResults.NotFound($"containment {id}");
        var state = entity.State;
        var alerts = await AlertsAsync(state, cancellation);
        return new TaggedResult(
            new ContainmentDetails(
                id,
                state.UndoAt,
                ContainmentAnswer.Of(state, alerts, NameOf),
                new ReleaseTime(
                    state.AskedAt,
                    state.UndoneIn?.TotalSeconds,
                    GoalSeconds,
                    PromiseSeconds,
                    state.UndoneIn is { } took ? took.TotalSeconds <= PromiseSeconds : null
                ),
                [.. state.Incidents.Select(i => $"/api/incidents/{i}")],
                state
            ),
            version: state
        );
    }

    private async Task<IReadOnlyList<IncidentView>> AlertsAsync(RollbackState state, CancellationToken cancellation)
    {
        var found = new List<IncidentView>();
        foreach (var incident in state.Incidents.Take(MostAlerts))
        {
            try
            {
                // The alert that opened the incident tells the story; the others are on its page.
                if (await incidents.FindAsync(incident, 1, cancellation) is { } view)
                    found.Add(view);
            }
            catch (UnreadableRowException e)
            {
                await trouble.TellAsync(e, cancellation);
            }
        }
        return found;
    }

    private string NameOf(string id) =>
        policies
            .Current.Ladders.Values.SelectMany(l => l.Rungs)
            .SelectMany(r => r.Approvers)
            .FirstOrDefault(a => a.ObjectId.Equals(id, StringComparison.OrdinalIgnoreCase))
            ?.Name
        ?? id;
}
