using Azure;
using Azure.Core;
using IRFunctions.Connections;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Agents;

/// <summary>
/// Pulls the state of each agent whose owner registered an address for it. The request carries a token of the pipeline's own identity for
/// that host. A state that did not change makes no new version; an agent whose state cannot be had is paged about, once an hour.
/// </summary>
public sealed class SnapshotPuller(
    HttpClient http,
    TokenCredential credential,
    PolicyStore policies,
    AgentSnapshots snapshots,
    Pager pager,
    TimeProvider time
)
{
    /// <summary>Name of the HTTP client.</summary>
    internal const string Http = "snapshots";

    public async Task PullAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var workload in policies.Current.Workloads.Where(w => w.Snapshots is not null && w.CountsAt(now)))
        {
            if (AgentGate.Identity(workload.Id) is not { } identity)
                continue;
            if (await PullAsync(identity, workload, cancellation) is { } problem)
                await pager.PageAsync(
                    $"snapshot-{identity}-{now.UtcDateTime:yyyyMMddHH}",
                    $"No fresh recovery point of {identity}: {problem}. Ask {workload.Owner}.",
                    PageSeverity.Warning,
                    cancellation
                );
        }
    }

    /// <summary>Why there is none; null where there is.</summary>
    private async Task<string?> PullAsync(string identity, RegisteredWorkload workload, CancellationToken cancellation)
    {
        var address = workload.Snapshots!;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            var token = await credential.GetTokenAsync(new TokenRequestContext([TokenScopes.Of(address)]), cancellation);
            request.Headers.Authorization = new("Bearer", token.Token);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
                return $"{address.Host} answered {(int)response.StatusCode}";
            if (await ReadAsync(response.Content, cancellation) is not { Length: > 0 } state)
                return $"{address.Host} sent nothing, or more than {AgentSnapshots.MaxSize / (1024 * 1024)} MB";
            string[] needs = [.. workload.DependsOn.Select(AgentGate.Identity).OfType<string>().Take(AgentSnapshots.MaxDependencies)];
            await snapshots.KeepAsync(identity, state, needs, cancellation);
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{address.Host} did not answer in time";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or RequestFailedException or TransientFaultException)
        {
            return $"it could not be fetched or stored ({e.GetType().Name})";
        }
    }

    /// <summary>No more than a snapshot may have, whatever the agent sends.</summary>
    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var body = await content.ReadAsStreamAsync(cancellation);
        using var kept = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0; )
        {
            kept.Write(buffer, 0, read);
            if (kept.Length > AgentSnapshots.MaxSize)
                return [];
        }
        return kept.ToArray();
    }
}

/// <summary>Every five minutes.</summary>
public sealed class SnapshotTimer(SnapshotPuller puller)
{
    [Function("PullSnapshots")]
    public Task PullAsync([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellation) =>
        puller.PullAsync(cancellation);
}
