using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using IRFunctions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The deployable: official packages only. local/ has a Program of its own and compiles everything else from this folder.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddTelemetryExport();
builder.Services.AddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
builder.Services.AddSingleton(services => builder.Configuration["Storage:TablesEndpoint"] is { Length: > 0 } endpoint
    ? new TableServiceClient(new Uri(endpoint), services.GetRequiredService<TokenCredential>())
    : new TableServiceClient(builder.Configuration["AzureWebJobsStorage"])); // Azurite, with func start
builder.Services.AddPipeline(builder.Configuration);

var host = builder.Build();
await Pipeline.CreateTablesAsync(host.Services);
await host.RunAsync();
