using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>Reads Defender XDR every two minutes where the setting Defender__Feed is true. The host runs one at a time.</summary>
public sealed class DefenderFeedTimer(DefenderFeedOptions options, DefenderFeed feed)
{
    [Function("ReadDefender")]
    public Task RunAsync(
        [TimerTrigger("15 */2 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => options.Enabled ? feed.RunAsync(client, cancellation) : Task.CompletedTask;
}
