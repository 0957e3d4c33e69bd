using IRFunctions.Safeguards;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.Triggers;

/// <summary>What the gate of agents and workloads needs, from configuration.</summary>
internal static class AgentServices
{
    public static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<GateBoard>();
        services.TryAddSingleton<Gate>();
        services.TryAddSingleton(new ActivityGateways([.. (configuration["Activity:Gateways"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]));
        return services;
    }
}
