using IRFunctions.Incidents;
using Microsoft.Extensions.Hosting;

namespace IRFunctions.Tests.RealWorker;

public abstract partial class WorkerContract
{
    [Fact]
    public async Task Its_meters_span_and_log_leave_the_process_where_a_setting_says_so_and_nothing_does_otherwise()
    {
        var exports = host.Environment == Environments.Production;
        Assert.Equal(exports, host.Init.Capabilities.ContainsKey("WorkerOpenTelemetryEnabled"));
        await RunAsync(nameof(AlertActivities.Classify), new ClassifyInput(Orders.Alert, await PolicyHashAsync()));
        await Every_timer_runs("Heartbeat");
        if (!exports)
        {
            Assert.Empty(host.Collector.Received);
            return;
        }
        await host.Collector.UntilAsync(c =>
            c.MetricNames.Contains("irfunctions.model.assessments")
            && c.MetricNames.Contains("gen_ai.client.operation.duration")
            && c.SpanNames.Any(s => s.StartsWith("chat ", StringComparison.Ordinal))
            && c.LogLines.Any(l => l.StartsWith("heartbeat: policy", StringComparison.Ordinal))
        );
        Assert.DoesNotContain(Orders.Alert.Title, host.Collector.Text, StringComparison.OrdinalIgnoreCase);
    }
}
