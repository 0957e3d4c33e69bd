using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using IRFunctions.Assessment;
using IRFunctions.Limits;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace IRFunctions;

/// <summary>
/// Sends the pipeline's meters, its spans and its log out of the process, by OpenTelemetry. Only our own sources: the spans of HTTP and
/// Azure clients would hold names of people and things in their addresses.
/// </summary>
public static class TelemetryExport
{
    /// <summary>
    /// `APPLICATIONINSIGHTS_CONNECTION_STRING` sends to Azure Monitor, `OTEL_EXPORTER_OTLP_ENDPOINT` to any collector (with the other
    /// OTEL_* settings, such as `OTEL_EXPORTER_OTLP_PROTOCOL`); both may be set. With neither nothing is sent, and the log goes to the
    /// Functions host as ever.
    /// </summary>
    public static IHostApplicationBuilder AddTelemetryExport(this IHostApplicationBuilder builder)
    {
        var toAzure = builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 };
        var toCollector = builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (!toAzure && !toCollector)
            return builder;
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .WithMetrics(m => m.AddMeter(ModelTelemetry.Name, PipelineFigures.Name))
            .WithTracing(t => t.AddSource(ModelTelemetry.Name))
            .UseFunctionsWorkerDefaults();
        AddLog(builder);
        if (toAzure)
            AddAzureMonitor(builder, telemetry);
        if (toCollector)
            telemetry.UseOtlpExporter();
        return builder;
    }

    /// <summary>
    /// The alert rules look for our own lines by their text; what libraries say about requests names people, so only their warnings leave.
    /// </summary>
    private static void AddLog(IHostApplicationBuilder builder)
    {
        builder.Services.Configure<OpenTelemetryLoggerOptions>(log => log.IncludeFormattedMessage = true);
        foreach (var library in (string[])["Microsoft", "Azure", "System", "DurableTask"])
            builder.Logging.AddFilter<OpenTelemetryLoggerProvider>(library, LogLevel.Warning);
    }

    private static void AddAzureMonitor(IHostApplicationBuilder builder, IOpenTelemetryBuilder telemetry)
    {
        var asIdentity =
            builder
                .Configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
                ?.Contains("Authorization=AAD", StringComparison.OrdinalIgnoreCase) == true;
        telemetry.UseAzureMonitorExporter(azure =>
        {
            azure.ConnectionString = builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
            azure.TracesPerSecond = null; // One span an assessment: each is kept, where five a second of all kinds would be by default.
            azure.SamplingRatio = 1;
            azure.EnableTraceBasedLogsSampler = false; // A line that pages somebody must not be lost with a span that was not sampled.
            azure.DisableOfflineStorage = true; // Nothing of it is left on a disk.
            azure.EnableLiveMetrics = false;
        });
        if (asIdentity)
            builder
                .Services.AddOptions<AzureMonitorExporterOptions>()
                .Configure<TokenCredential>((azure, identity) => azure.Credential = identity);
    }
}
