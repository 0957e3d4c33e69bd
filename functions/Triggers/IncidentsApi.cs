using IRFunctions.Audit;
using IRFunctions.Incidents;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Triggers;

/// <summary>Looking at incidents and at the record. Changes nothing.</summary>
public sealed class IncidentsApi(Door door, AuditChain audit)
{
    private const int DefaultTop = 50;
    private const int MaxTop = 500;
    private const string Prefix = "incident-";

    /// <summary>`?top=50&amp;continuation=...`: alerts in work and ended, one page, the latest change first within it.</summary>
    [Function("GetIncidents")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "incidents")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (await door.ReaderAsync(request, cancellation) is null) return Problems.SignIn();
        if (!int.TryParse(request.Query["top"].FirstOrDefault() ?? $"{DefaultTop}", out var top) || top is < 1 or > MaxTop)
            return Problems.Of(400, "top", "top is not a number it can be", $"Give 1 to {MaxTop}.");
        var query = new OrchestrationQuery { InstanceIdPrefix = Prefix, PageSize = top, FetchInputsAndOutputs = true };
        await foreach (var page in client.GetAllInstancesAsync(query).AsPages(request.Query["continuation"].FirstOrDefault(), top).WithCancellation(cancellation))
            return new OkObjectResult(new { incidents = page.Values.OrderByDescending(i => i.LastUpdatedAt).Select(ViewOf), continuation = page.ContinuationToken });
        return new OkObjectResult(new { incidents = Array.Empty<object>(), continuation = (string?)null });
    }

    /// <summary>One incident: its alerts and everything on its record.</summary>
    [Function("GetIncident")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "incidents/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (await door.ReaderAsync(request, cancellation) is null) return Problems.SignIn();
        if (!id.StartsWith(Prefix, StringComparison.Ordinal)) return Problems.NotFound($"incident {id}");
        var register = await client.Entities.GetEntityAsync<RegisterState>(IncidentRegister.For(id), cancellation: cancellation);
        if (register is not { IncludesState: true }) return Problems.NotFound($"incident {id}");
        var alerts = new List<object>();
        for (var number = 1; number <= register.State.Arrivals.Count; number++)
        {
            var instance = await client.GetInstanceAsync(IncidentRegister.InstanceOf(id, number), getInputsAndOutputs: true, cancellation);
            if (instance is not null) alerts.Add(ViewOf(instance));
        }
        return new OkObjectResult(new
        {
            incident = id, alerts, duplicates = register.State.Arrivals.Values.Sum() - register.State.Arrivals.Count,
            timeline = (await audit.ReadAsync(id, cancellation)).Select(e => new { at = e.At, e.Kind, e.Actor, e.Text }),
        });
    }

    private static object ViewOf(OrchestrationMetadata instance) => new
    {
        id = instance.InstanceId,
        status = instance.RuntimeStatus.ToString(),
        updated = instance.LastUpdatedAt,
        failure = instance.FailureDetails?.ErrorMessage,
        view = instance.SerializedOutput is not null && instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed ? instance.ReadOutputAs<IncidentView>()
            : instance.SerializedCustomStatus is not null ? instance.ReadCustomStatusAs<IncidentView>() : null,
    };
}
