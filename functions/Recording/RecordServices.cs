using Azure.Core;
using Azure.Storage.Blobs;
using IRFunctions.Connections;
using IRFunctions.Record;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.Recording;

/// <summary>The record's parts, from configuration.</summary>
internal static class RecordServices
{
    private const string KeyVaultHttp = "keyvault";

    public static IServiceCollection AddRecord(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<ChainKeys>();
        services.TryAddSingleton<ChangeJournal>();
        services.TryAddSingleton(s =>
            ActivatorUtilities.CreateInstance<AuditChain>(s, s.GetRequiredService<ChainKeys>(), s.GetRequiredService<ChangeJournal>())
        );
        services.TryAddSingleton<HeadIndex>();
        services.TryAddSingleton<RecordIndex>();
        services.TryAddSingleton<Checkpointer>();
        services.TryAddSingleton<RecordExport>();
        services.TryAddSingleton<Shredder>();
        services.TryAddSingleton(_ => WebhookSettings.From(configuration));
        services.TryAddSingleton<OutcomeQueue>();
        services.AddHttpClient(KeyVaultHttp);
        services.TryAddSingleton<ICheckpointKey>(s =>
            configuration["Record:SigningKey"] is { Length: > 0 } key
                ? new KeyVaultCheckpointKey(KeyVault(s, new Uri(key)), new Uri(key))
                : LocalCheckpointKey.Open(Path.Combine(Folder(configuration, "Record__SigningKey"), "checkpoints.key"))
        );
        services.TryAddSingleton<ICheckpointStore>(s =>
            configuration["Record:Checkpoints"] is { Length: > 0 } container
                ? new BlobCheckpoints(new BlobContainerClient(new Uri(container), s.GetRequiredService<TokenCredential>()))
                : new FileCheckpoints(Path.Combine(Folder(configuration, "Record__Checkpoints"), "checkpoints"))
        );
        return services;
    }

    private static HttpClient KeyVault(IServiceProvider services, Uri key)
    {
        var handler = new BearerHandler(services.GetRequiredService<TokenCredential>(), TokenScopes.OfParent(key))
        {
            InnerHandler = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(KeyVaultHttp),
        };
        return new HttpClient(handler);
    }

    private static string Folder(IConfiguration configuration, string instead) =>
        configuration["Record:Folder"] is { Length: > 0 } folder
            ? folder
            : throw new InvalidOperationException(
                $"The setting {instead} is missing, and Record__Folder too. local.settings.sample.json explains every setting."
            );
}
