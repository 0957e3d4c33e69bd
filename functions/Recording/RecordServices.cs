using Azure.Core;
using Azure.Storage.Blobs;
using IRFunctions.Connections;
using IRFunctions.Record;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Recording;

/// <summary>The record's parts, from configuration.</summary>
internal static class RecordServices
{
    private const string KeyVaultHttp = "keyvault";
    private const string WitnessHttp = "witness";

    public static IServiceCollection AddRecord(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<ChainKeys>();
        services.TryAddSingleton<ChangeJournal>();
        services.TryAddSingleton(s =>
            ActivatorUtilities.CreateInstance<AuditChain>(s, s.GetRequiredService<ChainKeys>(), s.GetRequiredService<ChangeJournal>())
        );
        services.TryAddSingleton<HeadIndex>();
        services.TryAddSingleton<RecordIndex>();
        services.TryAddSingleton<WitnessClient>(s => new WitnessClient(
            s.GetRequiredService<IHttpClientFactory>().CreateClient(WitnessHttp),
            s.GetRequiredService<ILogger<WitnessClient>>()
        ));
        services.TryAddSingleton(s => Log(configuration, s.GetRequiredService<ICheckpointKey>()));
        services.TryAddSingleton<TransparencyLog>();
        services.TryAddSingleton<LogExport>();
        services.TryAddSingleton<Checkpointer>();
        services.TryAddSingleton<RecordExport>();
        services.TryAddSingleton<Shredder>();
        services.AddLogging();
        services.TryAddSingleton(_ => WebhookSettings.From(configuration));
        services.TryAddSingleton<OutcomeQueue>();
        services.AddHttpClient(KeyVaultHttp);
        services.AddHttpClient(WitnessHttp, http => http.Timeout = TimeSpan.FromSeconds(5));
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

    /// <summary>A log is named after where its checkpoints are stored: nobody else has that, and it outlives keys.</summary>
    private static LogIdentity Log(IConfiguration configuration, ICheckpointKey key)
    {
        var origin =
            configuration["Record:Checkpoints"] is { Length: > 0 } container ? new Uri(container)
            : key is LocalCheckpointKey local ? new Uri($"https://local.invalid/{local.Fingerprint[..16]}")
            : throw new InvalidOperationException("The setting Record__Checkpoints is missing: the log is named after it.");
        List<ILogSigner> signers = [new EcdsaLogSigner(key)];
        var pem =
            configuration["Record:LogKey"] is { Length: > 0 } configured ? configured
            : configuration["Record:Folder"] is { Length: > 0 } folder && Path.Combine(folder, "log.key") is var file && File.Exists(file)
                ? File.ReadAllText(file)
            : null;
        if (pem is not null)
            signers.Add(new Ed25519LogSigner(pem));
        return new LogIdentity(
            origin.Authority + origin.AbsolutePath.TrimEnd('/'),
            signers,
            LogWitness.Parse(configuration["Record:Witnesses"])
        );
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
