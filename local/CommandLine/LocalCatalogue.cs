using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.CommandLine;

/// <summary>What the code can do, for commands that need the catalogue and nothing else.</summary>
internal static class LocalCatalogue
{
    public static async Task<IReadOnlyList<ActionCapability>> CapabilitiesAsync()
    {
        await using var provider = Provider();
        return provider.GetRequiredService<ActionCatalog>().Capabilities;
    }

    /// <summary>Everything registered and nothing started.</summary>
    public static ServiceProvider Provider()
    {
        var services = new ServiceCollection();
        LocalMachine.Register(services, new MachineOptions { Time = TimeProvider.System, PolicyFolder = "" });
        return services.BuildServiceProvider();
    }
}
