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

/// <summary>Rollback drills: every night each designated target, and the certificates.</summary>
public sealed class DrillsApi(RequestGuard guard, DrillPlan plan, DrillCertificates certificates, RowTrouble trouble, TimeProvider time)
{
    private const int Most = 500;

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
    [Function("GetDrills")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/drills")] HttpRequest request,
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
