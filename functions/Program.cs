using IRFunctions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

// The deployable: official packages only. local/ has a Program of its own and compiles everything else from this folder.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddAzure(builder.Configuration).AddPipeline(builder.Configuration);

var host = builder.Build();
await Pipeline.CreateTablesAsync(host.Services);
await host.RunAsync();
