using System.Globalization;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>Rollback drills: every night each designated target, and the certificates.</summary>
public sealed class DrillsApi(
    RequestGuard guard,
    DrillPlan plan,
    PolicyStore policies,
    DrillCertificates certificates,
    RowTrouble trouble,
    TimeProvider time
)
{
    private const int Most = 500;

    /// <summary>Every hour that the policy's calendar names. Starting twice in one hour joins.</summary>
    [Function("RehearseRollbacks")]
    public async Task RehearseAsync(
        [TimerTrigger("0 0 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (policies.Current.Drills.DueAt(time.GetUtcNow()) is { } due)
            await StartAsync(plan.Targets, due.ToString("yyyyMMddHH", CultureInfo.InvariantCulture), client, cancellation);
    }

    /// <summary>On demand: all targets, or those of `{"action":"..."}`. A reason is written down. Once a minute for each action.</summary>
    [Function("StartDrills")]
    public async Task<IActionResult> StartDrillsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "drills")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, "rollback drill", cancellation);
        if (caller is null)
            return refusal!;
        var (body, problem) = await RequestGuard.ReadAsync<DrillBody>(request, Example, cancellation);
        if (body is null)
            return problem!;
        if (body.Reason is not { Length: > 0 and <= 400 } reason)
            return ProblemResults.Of(400, "reason", "A reason is missing", $"Send {Example}.");
        var targets = plan.Targets.Where(t => body.Action is null || t.Action == body.Action).ToList();
        if (targets.Count == 0)
            return ProblemResults.NotFound($"drill target of {body.Action ?? "any action"}; Drills__Targets designates them");
        await guard.RecordAsync(
            DrillOrchestrator.Chain,
            ContainmentKinds.DrillAsked,
            $"{caller.Name} asked for {targets.Count} rollback drill(s): {reason}",
            caller.ObjectId,
            cancellation
        );
        var started = await StartAsync(
            targets,
            time.GetUtcNow().ToString("yyyyMMddHHmm", CultureInfo.InvariantCulture),
            client,
            cancellation
        );
        return new AcceptedResult("/api/drills", new { drills = started, look = "/api/drills" });
    }

    private const string Example = """{"action":"disable_user_account_temporarily","reason":"before the release"}""";

    private async Task<IReadOnlyList<string>> StartAsync(
        IReadOnlyList<DrillTarget> targets,
        string when,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var started = new List<string>();
        foreach (var target in targets)
        {
            var id = $"drill-{target.Action}-{when}";
            try
            {
                if (await client.GetInstanceAsync(id, cancellation) is null)
                    await client.ScheduleNewOrchestrationInstanceAsync(
                        nameof(DrillOrchestrator),
                        target,
                        new StartOrchestrationOptions(id),
                        cancellation
                    );
                started.Add(id);
            }
#pragma warning disable CA1031 // Whatever an engine throws over an instance that it cannot read; the other drills take place.
            catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
            {
                await trouble.TellAsync(
                    $"instance {id}",
                    e.Message,
                    "The drill of that hour did not take place; delete the instance's row in the task hub's table Instances.",
                    cancellation
                );
            }
        }
        return started;
    }

    /// <summary>Certificates, newest first within each action, and which targets are designated.</summary>
    [Function("GetDrills")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "drills")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var unreadable = new List<UnreadableRowException>();
        var found = await certificates.ListAsync(Most, unreadable.Add, cancellation);
        foreach (var row in unreadable)
            await trouble.TellAsync(row, cancellation);
        return new OkObjectResult(
            new { targets = plan.Targets.Select(t => new { t.Action, target = t.Target.Key }), certificates = found }
        );
    }
}

/// <param name="Action">Only the targets of this action; null for all.</param>
/// <param name="Reason">Why, for the record.</param>
public sealed record DrillBody(string? Action, string? Reason);
