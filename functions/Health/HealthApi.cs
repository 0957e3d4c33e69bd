using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Health;

/// <summary>
/// Whether the pipeline can do its work: open to probes, tells no secrets, changes nothing, and costs nothing when it is asked again at
/// once.
/// </summary>
public sealed class HealthApi(HealthCheck health)
{
    [OpenToAll]
    [EndpointSummary("Whether the pipeline can do its work")]
    [ProducesResponseType<HealthReport>(200), ProducesResponseType<HealthReport>(503, Description = "It cannot.")]
    [Function("GetHealth")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        var report = await health.LookAsync(client, cancellation);
        return new ObjectResult(report)
        {
            StatusCode = report.Status == HealthCheck.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        };
    }
}
