using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>Every five minutes the watchdog looks.</summary>
public sealed class WatchdogTimer(Watchdog watchdog)
{
    [Function(nameof(WatchdogTimer))]
    public Task RunAsync(
        [TimerTrigger("0 */5 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => watchdog.LookAsync(client, cancellation);
}
