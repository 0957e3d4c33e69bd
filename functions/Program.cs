using IRFunctions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The function app. local/ has a Program of its own around the same functions.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.Configure<WorkerOptions>(PayloadJson.Use);
builder.AddTelemetryExport();
builder.Services.AddAzure(builder.Configuration).AddPipeline(builder.Configuration);

var host = builder.Build();
await Pipeline.CreateTablesAsync(host.Services);
await host.RunAsync();
