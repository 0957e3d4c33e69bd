using Azure;
using Grpc.Core;
using IRFunctions.Audit;
using IRFunctions.Policies;
using IRFunctions.Safeguards;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Triggers;

/// <summary>Whether the pipeline can do its work: open to probes, tells no secrets.</summary>
public sealed class HealthApi(PolicyStore policies, AuditChain audit, TimeProvider time)
{
    [Function("GetHealth")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var record = await TryAsync(async () => { await audit.ReadAsync("health", cancellation); return "readable"; });
        var durable = await TryAsync(async () => (await GlobalStop.ReadAsync(client, cancellation)).Engaged ? "readable; global stop engaged" : "readable");
        var healthy = record.Ok && durable.Ok;
        return new ObjectResult(new
        {
            status = healthy ? "healthy" : "unhealthy", time = time.GetUtcNow(), policy = policies.Current.Hash[..12], record = record.Text, durable = durable.Text,
        }) { StatusCode = healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable };
    }

    private static async Task<(bool Ok, string Text)> TryAsync(Func<Task<string>> check)
    {
        try
        {
            return (true, await check());
        }
        catch (Exception e) when (e is RequestFailedException or RpcException or InvalidOperationException or HttpRequestException)
        {
            return (false, $"not readable ({e.GetType().Name})");
        }
    }
}
