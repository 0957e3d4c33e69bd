using IRFunctions.Durable;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Recording;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>Looking at incidents and at the record. Changes nothing.</summary>
public sealed class IncidentsApi(RequestGuard guard, AuditChain audit, IncidentTable incidents, RowTrouble trouble)
{
    private const int DefaultTop = 50;
    private const int MaxTop = 500;
    private const int AtOnce = 16;
    private const string Prefix = "incident-";

    /// <summary>`?top=50&amp;continuation=...`: alerts in work and ended, one page, the latest change first within it.</summary>
    [Function("GetIncidents")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!int.TryParse(request.Query["top"].FirstOrDefault() ?? $"{DefaultTop}", out var top) || top is < 1 or > MaxTop)
            return ProblemResults.Of(400, "top", "top is not a number it can be", $"Give 1 to {MaxTop}.");
        var (pages, continuation) = await incidents.ListAsync(request.Query["continuation"].FirstOrDefault(), top, cancellation);
        var shown = new List<ShownAlert>(pages.Count);
        foreach (var part in pages.Chunk(AtOnce))
            shown.AddRange(await Task.WhenAll(part.Select(p => JoinAsync(client, p, cancellation))));
        return new OkObjectResult(new { incidents = shown.OrderByDescending(i => i.Updated), continuation });
    }

    /// <summary>One incident: its alerts and everything on its record.</summary>
    [Function("GetIncident")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!id.StartsWith(Prefix, StringComparison.Ordinal))
            return ProblemResults.NotFound($"incident {id}");
        var register = await client.Entities.GetEntityAsync<RegisterState>(IncidentRegister.For(id), cancellation: cancellation);
        if (register is not { IncludesState: true })
            return ProblemResults.NotFound($"incident {id}");
        var alerts = new List<object>();
        for (var number = 1; number <= register.State.Arrivals.Count; number++)
        {
            if (await JoinAsync(client, await FindAsync(id, number, cancellation), cancellation) is { Status: not nameof(Unknown) } alert)
                alerts.Add(alert);
        }
        return new OkObjectResult(
            new
            {
                incident = id,
                alerts,
                duplicates = register.State.Arrivals.Values.Sum() - register.State.Arrivals.Count,
                timeline = (await audit.ReadAsync(id, cancellation)).Select(e => new
                {
                    at = e.At,
                    e.Kind,
                    e.Actor,
                    e.Text,
                }),
            }
        );
    }

    /// <summary>One alert as the API shows it: how its orchestration stands, and what is shown of it.</summary>
    private sealed record ShownAlert(string Id, string Status, DateTimeOffset? Updated, string? Failure, IncidentView? View);

    private const string Unknown = "Unknown";

    private async Task<IncidentPage> FindAsync(string incident, int number, CancellationToken cancellation)
    {
        var instance = IncidentRegister.InstanceOf(incident, number);
        try
        {
            return new IncidentPage(instance, await incidents.FindAsync(incident, number, cancellation));
        }
        catch (UnreadableRowException e)
        {
            return new IncidentPage(instance, null, e);
        }
    }

    /// <summary>Neither a row nor an instance that cannot be read hides the others; people are told.</summary>
    private async Task<ShownAlert> JoinAsync(DurableTaskClient client, IncidentPage page, CancellationToken cancellation)
    {
        if (page.Problem is { } unreadable)
            await trouble.TellAsync(unreadable, cancellation);
        try
        {
            if (await client.GetInstanceAsync(page.Instance, getInputsAndOutputs: true, cancellation) is not { } instance)
                return new ShownAlert(page.Instance, Unknown, null, page.Problem?.Message, page.View);
            var failure =
                instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed ? InstanceFailure.Of(instance) : page.Problem?.Message;
            var view = page.View is { } shown ? await DecisionStates.ReadAsync(client, shown, cancellation) : null;
            return new ShownAlert(page.Instance, instance.RuntimeStatus.ToString(), instance.LastUpdatedAt, failure, view);
        }
#pragma warning disable CA1031 // Whatever an engine throws over an instance that it cannot read.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            await trouble.TellAsync(
                $"instance {page.Instance}",
                e.Message,
                "Read the incident's record and go on by hand, then delete the instance's row in the task hub's table Instances.",
                cancellation
            );
            return new ShownAlert(page.Instance, "Unreadable", null, "its orchestration cannot be read", page.View);
        }
    }
}
