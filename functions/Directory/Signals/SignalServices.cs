using Azure.Core;
using IRFunctions.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.Directory.Signals;

/// <summary>The sources of signals, from configuration.</summary>
internal static class SignalServices
{
    public static IServiceCollection AddSignals(this IServiceCollection services, IConfiguration configuration)
    {
        var query = configuration["Workspace:Query"] is { Length: > 0 } address ? new Uri(address) : null;
        services.TryAddSingleton(new WorkspacePlace(query));
        var client = services.AddHttpClient(Workspace.Http, http => http.Timeout = SignalReader.Longest);
        if (query is not null)
            client.AddHttpMessageHandler(s => new BearerHandler(s.GetRequiredService<TokenCredential>(), TokenScopes.Of(query)));
        services.TryAddSingleton(s => new Workspace(
            s.GetRequiredService<IHttpClientFactory>().CreateClient(Workspace.Http),
            s.GetRequiredService<WorkspacePlace>()
        ));
        services.AddSingleton<ISignalSource, AlertSignals>();
        services.AddSingleton<ISignalSource, AuditSignals>();
        services.AddSingleton<ISignalSource, CloudAppSignals>();
        services.AddSingleton<ISignalSource, SignInSignals>();
        services.AddSingleton<ISignalSource, WorkloadSignInSignals>();
        services.AddSingleton<ISignalSource, LogonSignals>();
        services.AddSingleton<ISignalSource, VaultSignals>();
        services.AddSingleton<ISignalSource, CredentialSignals>();
        services.TryAddSingleton<SignalReader>();
        return services;
    }
}
