using System.Collections.Concurrent;
using Azure;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>
/// A denied request is evidence by itself, whether or not its caller ever tells of it. The first of a second is written at once, with those
/// that came since the last time; a flood is one write a second. What exceeded a limit also counts at the breaker, as a failed
/// authentication does.
/// </summary>
public sealed class DeniedRequests(InteractionStore evidence, TimeProvider time)
{
    /// <summary>Denied requests of one identity that wait to be written; of more only their number is told.</summary>
    private const int MaxWaiting = 200;

    /// <summary>Identities that are waited for at once.</summary>
    private const int ManyIdentities = 50_000;

    private const string Unnamed = "(no endpoint)";
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Waiting> waiting = new(StringComparer.Ordinal);
    private readonly string source = $"gate/{Guid.NewGuid():N}"[..21];
    private long sequence;

    /// <summary>Never fails but by cancellation: the request is denied in any case.</summary>
    public async Task KeepAsync(
        string identity,
        GateRequest request,
        Refusal refusal,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var now = time.GetUtcNow();
        if (waiting.Count > ManyIdentities)
            waiting.Clear();
        var own = waiting.GetOrAdd(identity, _ => new Waiting());
        if (own.Add(new ActivityEvent(now, EndpointOf(request), Refused: refusal), now, Between, MaxWaiting) is not { Count: > 0 } events)
            return;
        var batch = new ActivityBatch(identity, TypeOf(request), source, Interlocked.Increment(ref sequence), events);
        try
        {
            await evidence.KeepAsync(batch, cancellation);
            if (events.Any(e => e.Refused == Refusal.Limit))
                await client.Entities.SignalEntityAsync(
                    CircuitBreaker.For(identity),
                    nameof(CircuitBreaker.Refused),
                    batch,
                    cancellation: cancellation
                );
        }
        catch (Exception e) when (e is RequestFailedException or HttpRequestException or InvalidOperationException or IOException)
        {
            own.PutBack(events, MaxWaiting);
        }
    }

    private static string EndpointOf(GateRequest request) =>
        request.Endpoint is { Length: > 0 } endpoint && !endpoint.Any(char.IsControl) ? endpoint : Unnamed;

    private static string TypeOf(GateRequest request) =>
        request.IdentityType is "ai_agent" or "service_principal" or "managed_identity" ? request.IdentityType : "unknown";

    private sealed class Waiting
    {
        private readonly Lock gate = new();
        private readonly List<ActivityEvent> events = [];
        private DateTimeOffset written = DateTimeOffset.MinValue;

        /// <summary>What is to be written now; null where it waits.</summary>
        public IReadOnlyList<ActivityEvent>? Add(ActivityEvent e, DateTimeOffset now, TimeSpan between, int most)
        {
            lock (gate)
            {
                if (events.Count < most)
                    events.Add(e);
                if (now - written < between)
                    return null;
                written = now;
                IReadOnlyList<ActivityEvent> all = [.. events];
                events.Clear();
                return all;
            }
        }

        public void PutBack(IReadOnlyList<ActivityEvent> all, int most)
        {
            lock (gate)
                events.InsertRange(0, all.Take(Math.Max(0, most - events.Count)));
        }
    }
}
