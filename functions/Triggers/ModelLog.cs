using System.Diagnostics;
using IRFunctions.Classification;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Triggers;

/// <summary>
/// Repeats on the log, one line an assessment, what asking the model took: who answered, tokens, cost, seconds. So Azure Monitor can draw and alert on them
/// without a collector for the meter (docs/model.md). No text of an alert or an answer.
/// </summary>
public sealed partial class ModelLog(ILogger<ModelLog> log) : IHostedService, IDisposable
{
    private ActivityListener? listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ModelTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Write,
        };
        ActivitySource.AddActivityListener(listener);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => listener?.Dispose();

    private void Write(Activity span) => LogAnswer(
        span.GetTagItem("gen_ai.request.model"), span.GetTagItem("irfunctions.source"), span.GetTagItem("gen_ai.usage.input_tokens"),
        span.GetTagItem("gen_ai.usage.output_tokens"), span.GetTagItem("irfunctions.cost"), span.GetTagItem("irfunctions.seconds"));

    [LoggerMessage(Level = LogLevel.Information, Message = "model: {Model} {Source} {InputTokens} in {OutputTokens} out {Cost} cost {Seconds} s")]
    private partial void LogAnswer(object? model, object? source, object? inputTokens, object? outputTokens, object? cost, object? seconds);
}
