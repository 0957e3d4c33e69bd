using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Tests.Assessment;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace IRFunctions.Tests.RealWorker;

/// <summary>What is measured leaves the process where a setting says so, and nothing of an alert leaves with it.</summary>
public sealed class TelemetryExportTests
{
    private const string Otlp = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string AzureMonitor = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string Secret = "sk-0d9c-not-to-be-seen";
    private const string Words = "zebra-of-the-alert";
    private static readonly string[] Instruments =
    [
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
        "irfunctions.model.assessments",
        "irfunctions.model.cost",
    ];

    [Fact]
    public async Task A_collector_gets_every_instrument_the_span_and_our_log_lines()
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync((Otlp, collector.Address.ToString()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        Assert.Equal(Instruments, collector.MetricNames.Distinct().Order());
        Assert.Contains("chat exported", collector.SpanNames);
        Assert.Contains("heartbeat: policy abc", collector.LogLines);
    }

    [Fact]
    public async Task Azure_Monitor_gets_the_same_from_its_own_exporter()
    {
        await using var monitor = await Collector.StartAsync();
        await RunAsync((AzureMonitor, $"InstrumentationKey=00000000-0000-4000-8000-000000000009;IngestionEndpoint={monitor.Address}"));
        Assert.All(monitor.Received, r => Assert.EndsWith("/track", r.Path, StringComparison.Ordinal));
        Assert.All(Instruments, name => Assert.Contains($"\"{name}\"", monitor.Text, StringComparison.Ordinal));
        Assert.Contains("chat exported", monitor.Text, StringComparison.Ordinal);
        Assert.Contains("heartbeat: policy abc", monitor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_may_be_set()
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync(
            (Otlp, collector.Address.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            (AzureMonitor, $"InstrumentationKey=00000000-0000-4000-8000-000000000009;IngestionEndpoint={collector.Address}")
        );
        Assert.Equal(Instruments, collector.MetricNames.Distinct().Order());
        Assert.Contains(collector.Received, r => r.Path.EndsWith("/track", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Otlp)]
    [InlineData(AzureMonitor)]
    public async Task Neither_a_word_of_the_alert_nor_the_key_nor_what_libraries_say_of_requests_leaves(string to)
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync(
            to == Otlp
                ? (Otlp, collector.Address.ToString())
                : (AzureMonitor, $"InstrumentationKey=00000000-0000-4000-8000-000000000009;IngestionEndpoint={collector.Address}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        );
        Assert.NotEmpty(collector.Received);
        foreach (var unwanted in (string[])[Words, Secret, GivenClassifier.AdeleId, "198.51.100.7", "GET https://graph.example/users/"])
            Assert.DoesNotContain(unwanted, collector.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Without_a_setting_nothing_is_set_up_and_the_log_goes_to_the_host_as_ever()
    {
        using var host = Build().Build();
        Assert.Null(host.Services.GetService<MeterProvider>());
        Assert.Null(host.Services.GetService<TracerProvider>());
        Assert.DoesNotContain(
            "WorkerOpenTelemetryEnabled",
            host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Capabilities.Keys
        );
    }

    [Fact]
    public void With_a_setting_the_host_is_told_not_to_send_the_same_again()
    {
        using var host = Build((Otlp, "http://127.0.0.1:9/")).Build();
        Assert.NotNull(host.Services.GetService<MeterProvider>());
        Assert.Equal(
            bool.TrueString,
            host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Capabilities["WorkerOpenTelemetryEnabled"]
        );
    }

    [Theory]
    [InlineData("ClientId=00000000-0000-4000-8000-0000000000f1;Authorization=AAD", true)]
    [InlineData("", false)]
    public void Azure_Monitor_is_signed_in_to_as_the_identity_where_the_setting_says_so_and_no_line_is_lost_to_sampling(
        string authentication,
        bool signsIn
    )
    {
        var builder = Build(
            (AzureMonitor, "InstrumentationKey=00000000-0000-4000-8000-000000000009;IngestionEndpoint=http://127.0.0.1:9/"),
            ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", authentication)
        );
        var identity = new Nobody();
        builder.Services.AddSingleton<TokenCredential>(identity);
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptionsMonitor<AzureMonitorExporterOptions>>().CurrentValue;
        Assert.Equal(signsIn ? identity : null, options.Credential);
        Assert.False(options.EnableTraceBasedLogsSampler);
        Assert.Equal((null, 1f), (options.TracesPerSecond, options.SamplingRatio));
        Assert.True(options.DisableOfflineStorage);
    }

    private static HostApplicationBuilder Build(params (string Name, string Value)[] settings)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)));
        builder.Services.AddOptions<WorkerOptions>();
        builder.AddTelemetryExport();
        return builder;
    }

    /// <summary>A process that is asked about one alert, writes a line of each kind and stops.</summary>
    private static async Task RunAsync(params (string Name, string Value)[] settings)
    {
        using var host = Build(settings).Build();
        await host.StartAsync();
        var options = GivenClassifier.Options with { Deployment = "exported", ApiKey = Secret, InputPrice = 1, OutputPrice = 2 };
        var classifier = new Classifier(ModelConnection.Create(options, handler: new ModelHttpHandler(new LocalModel())), options);
        Assert.Equal(
            AssessedBy.Model,
            (
                await classifier.AssessAsync(
                    GivenClassifier.SpraySignIn with
                    {
                        Title = $"Password spray {Words}",
                        Description = Words,
                    },
                    GivenClassifier.Actions
                )
            ).By
        );
        var log = host.Services.GetRequiredService<ILoggerFactory>();
        log.CreateLogger("IRFunctions.Health.Heartbeat").LogInformation("heartbeat: policy {Policy}", "abc");
        log.CreateLogger("System.Net.Http.HttpClient.graph.LogicalHandler")
            .LogInformation("Start processing HTTP request {Method} {Address}", "GET", "https://graph.example/users/adele");
        await host.StopAsync();
    }

    private sealed class Nobody : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
