using IRFunctions.Limits;
using IRFunctions.Policies;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Health;

/// <summary>
/// One line every five minutes, written only where the pipeline could work: the record and the durable state are readable, a row can be
/// written, an entity answered what it was asked the last time, and a policy is in force. bicep/modules/alerts.bicep pages when the line
/// stays away.
/// </summary>
public sealed partial class Heartbeat(
    PolicyStore policies,
    AuditChain audit,
    HealthSignals pulse,
    TimeProvider time,
    ILogger<Heartbeat> log
)
{
    [Function(nameof(Heartbeat))]
    public async Task RunAsync(
        [TimerTrigger("0 */5 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        try
        {
            await audit.ReadAsync("health", cancellation);
            var stop = await GlobalStop.ReadAsync(client, cancellation);
            var unanswered = (await pulse.ReadAsync(client, cancellation)).Unanswered(time.GetUtcNow());
            await pulse.BeatAsync(client, cancellation);
            if (unanswered is not null)
                LogUnanswered(unanswered);
            else
                LogHeartbeat(policies.Current.Hash[..12], stop.Engaged ? "engaged" : "not engaged");
        }
#pragma warning disable CA1031 // Whatever it is, there is no heartbeat, and the alert on its absence pages.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogNoHeartbeat(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "heartbeat: policy {Policy}, global stop {Stop}")]
    private partial void LogHeartbeat(string policy, string stop);

    [LoggerMessage(Level = LogLevel.Error, Message = "no heartbeat: entities do not answer: {Problem}")]
    private partial void LogUnanswered(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "no heartbeat: the record or the durable state cannot be read")]
    private partial void LogNoHeartbeat(Exception cause);
}
