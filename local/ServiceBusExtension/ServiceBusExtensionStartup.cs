using Grpc.Net.Client;
using IRFunctions.Settlement;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: WorkerExtensionStartup(typeof(ServiceBusExtensionStartup))]

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Called by the worker as it starts.</summary>
public sealed class ServiceBusExtensionStartup : WorkerExtensionStartup
{
    public override void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder) =>
        applicationBuilder.Services.AddSingleton(services => new Settlement.SettlementClient(
            GrpcChannel.ForAddress(
                services.GetRequiredService<IConfiguration>()["Functions:Worker:HostEndpoint"]
                    ?? throw new InvalidOperationException("The Functions host did not say where it is (--functions-uri).")
            )
        ));
}
