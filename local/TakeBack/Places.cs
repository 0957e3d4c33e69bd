using Azure;
using Azure.Data.Tables;
using IRFunctions.Containment;
using IRFunctions.Local.Azurite;
using IRFunctions.Local.Machine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// The tables and the tenant that a command works with where no pipeline runs: those that are deployed, with the settings and the
/// credential that the app has, or those of a local run.
/// </summary>
internal sealed class Places : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly IDisposable? only;
    private readonly AzuriteProcess? azurite;

    private Places(ServiceProvider services, IDisposable? only = null, AzuriteProcess? azurite = null) =>
        (this.services, this.only, this.azurite) = (services, only, azurite);

    public IServiceProvider Services => services;

    public TimeProvider Time => services.GetRequiredService<TimeProvider>();

    public HoldTable Holds => services.GetRequiredService<HoldTable>();

    /// <param name="tables">Connection string or https address of a storage account's tables, or the state folder of a local run that has
    /// ended.</param>
    /// <exception cref="IOException">There is no state in this folder.</exception>
    /// <exception cref="InvalidOperationException">A run uses it, or this is neither a folder, a connection string nor an
    /// address.</exception>
    public static async Task<Places> OfTablesAsync(string tables, CancellationToken cancellation)
    {
        if (System.IO.Directory.Exists(tables))
            return await OfFolderAsync(tables, cancellation);
        if (Uri.TryCreate(tables, UriKind.Absolute, out var address) && address.Scheme is "https")
            return Deployed(new Dictionary<string, string?> { ["Storage:TablesEndpoint"] = tables });
        if (tables.Contains('=', StringComparison.Ordinal))
        {
            try
            {
                _ = new TableServiceClient(tables);
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
            {
                throw new InvalidOperationException($"--tables: this is no connection string of a storage account: {e.Message}", e);
            }
            return Deployed(new Dictionary<string, string?> { ["Storage:TablesEndpoint"] = "", ["AzureWebJobsStorage"] = tables });
        }
        throw new InvalidOperationException(
            $"--tables: {tables} is no folder. Give a connection string, the address https://ACCOUNT.table.core.windows.net, or the state "
                + "folder of a local run."
        );
    }

    /// <param name="tenant">Where a local run answers (http://127.0.0.1:7071/), or the state folder of one that has ended; null: the tenant
    /// that the settings name.</param>
    /// <exception cref="IOException">There is no state in this folder.</exception>
    /// <exception cref="InvalidOperationException">It is neither; or a run uses the folder.</exception>
    public static async Task<Places> OfTenantAsync(string? tenant, CancellationToken cancellation)
    {
        if (tenant is null)
            return Deployed([]);
        if (System.IO.Directory.Exists(tenant))
            return await OfFolderAsync(tenant, cancellation);
        if (!Uri.TryCreate(tenant, UriKind.Absolute, out var address) || address is not { Scheme: "http", IsLoopback: true })
            throw new InvalidOperationException(
                $"--tenant: {tenant} is neither a folder nor an address of this machine (http://127.0.0.1:PORT/). The real tenant is "
                    + "the one that the app's settings name; leave --tenant out for it."
            );
        return new Places(
            Local(
                new MachineOptions
                {
                    Time = TimeProvider.System,
                    PolicyFolder = "",
                    Address = new Uri(address, "/"),
                }
            )
        );
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (azurite is not null)
            await azurite.DisposeAsync();
        only?.Dispose();
    }

    private static async Task<Places> OfFolderAsync(string folder, CancellationToken cancellation)
    {
        var onAzurite = System.IO.Directory.Exists(StateFolder.AzuriteOf(folder));
        if (!onAzurite && !File.Exists(Path.Combine(folder, "tables.db")) && !File.Exists(Path.Combine(folder, "tenant.db")))
            throw new IOException($"{folder} holds no state of a local run.");
        var only = StateFolder.Lock(folder);
        var azurite = onAzurite
            ? await AzuriteProcess.StartAsync(StateFolder.AzuriteOf(folder), line => Console.Error.WriteLine(line), cancellation)
            : null;
        var options = new MachineOptions
        {
            Time = await StateFolder.ClockAsync(folder, 1),
            PolicyFolder = "",
            StateFolder = folder,
            Azurite = azurite?.ConnectionString,
        };
        return new Places(Local(options), only, azurite);
    }

    private static ServiceProvider Local(MachineOptions options)
    {
        var services = new ServiceCollection();
        LocalMachine.Register(services, options);
        return services.BuildServiceProvider();
    }

    /// <summary>
    /// The app's own registrations, with its settings from the environment. What no undo needs may be missing: a system whose setting is
    /// missing is told where something has to be undone in it.
    /// </summary>
    private static Places Deployed(Dictionary<string, string?> more)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("Graph:Endpoint", "https://graph.microsoft.com/v1.0"),
                new("Sentinel:Watchlist", Missing("Sentinel__Watchlist")),
                new("Tickets:Endpoint", Missing("Tickets__Endpoint")),
                new("Pager:Endpoint", Missing("Pager__Endpoint")),
                new("Pager:RoutingKey", "none"),
                new("Storage:TablesEndpoint", Missing("Storage__TablesEndpoint")),
            ])
            .AddEnvironmentVariables()
            .AddInMemoryCollection(more)
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging();
        services.AddAzure(configuration).AddPipeline(configuration);
        return new Places(services.BuildServiceProvider());
    }

    /// <summary>An address that never answers (RFC 6761) and says in every error which setting is missing.</summary>
    private static string Missing(string setting) =>
        $"https://{setting.Replace("__", "-", StringComparison.Ordinal).ToLowerInvariant()}-is-missing.invalid/";

    /// <summary>What a service says where a table cannot be read, for a person.</summary>
    public static string Words(Exception e) =>
        (e as RequestFailedException ?? e.InnerException as RequestFailedException) is { Status: 404 }
            ? "the table holds is not there"
            : e.Message.Split('\n')[0].TrimEnd();
}
