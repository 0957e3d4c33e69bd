using System.ComponentModel;
using System.Globalization;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>Which certificates are wanted. Everything given must hold.</summary>
public sealed record DrillQuery : PageQuery
{
    [Description("Name of the action.")]
    public string? Action { get; init; }

    [Description("Only those that passed, or only those that did not.")]
    public bool? Passed { get; init; }
}

/// <summary>What is rehearsed every night.</summary>
/// <param name="Target">Its key.</param>
public sealed record DrillTargetShown(string Action, string Target);

/// <summary>What is rehearsed, and a page of certificates, newest first within each action.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record DrillList(
    IReadOnlyList<DrillTargetShown> Targets,
    IReadOnlyList<DrillCertificate> Certificates,
    string? Continuation,
    string? Next
);

/// <summary>Rollback drills: every night each designated target, and the certificates.</summary>
public sealed class DrillsApi(RequestGuard guard, DrillPlan plan, DrillCertificates certificates, RowTrouble trouble, TimeProvider time)
{
    /// <summary>Daily at 04:00 UTC, when least happens. Starting twice on one day joins.</summary>
    [Function("RehearseRollbacks")]
    public async Task RehearseAsync(
        [TimerTrigger("0 0 4 * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var day = time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        foreach (var target in plan.Targets)
        {
            var id = $"drill-{target.Action}-{day}";
            try
            {
                if (await client.GetInstanceAsync(id, cancellation) is null)
                    await client.ScheduleNewOrchestrationInstanceAsync(
                        nameof(DrillOrchestrator),
                        target,
                        new StartOrchestrationOptions(id),
                        cancellation
                    );
            }
#pragma warning disable CA1031 // Whatever an engine throws over an instance that it cannot read; the other drills take place.
            catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
            {
                await trouble.TellAsync(
                    $"instance {id}",
                    e.Message,
                    "The drill of that day did not take place; delete the instance's row in the task hub's table Instances.",
                    cancellation
                );
            }
        }
    }

    /// <summary>Certificates, newest first within each action, and which targets are designated.</summary>
    [Query(typeof(DrillQuery))]
    [EndpointSummary("Rollback drills and their certificates")]
    [ProducesResponseType<DrillList>(200)]
    [Function("GetDrills")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/drills")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<DrillQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 2, out var keys, out problem))
            return problem;
        var unreadable = new List<UnreadableRowException>();
        var (found, last) = await certificates.PageAsync(
            c => (query.Action is null || c.Action == query.Action) && (query.Passed is not { } passed || c.Passed == passed),
            keys.Count > 0 ? (keys[0], keys[1]) : null,
            query.Rows,
            unreadable.Add,
            cancellation
        );
        foreach (var row in unreadable)
            await trouble.TellAsync(row, cancellation);
        var continuation = last is var (action, place) ? Continuation.Of(query, action, place) : null;
        return new TaggedResult(
            new DrillList(
                [.. plan.Targets.Select(t => new DrillTargetShown(t.Action, t.Target.Key))],
                found,
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }
}
