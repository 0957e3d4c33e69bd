using DurableTask.AzureStorage;
using DurableTask.Core;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Host;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Azurite;

/// <summary>
/// Durable Task's own engine on Azure Storage, with host.json's settings as the Functions host gives them to it. It keeps real time.
/// </summary>
public sealed class StorageEngine : IAsyncDisposable
{
    private readonly AzureStorageOrchestrationService service;
    private readonly TaskHubWorker worker;
    private readonly ILoggerFactory loggers;
    private readonly DataConverter converter;
    private readonly CancellationTokenSource stopping = new();
    private bool started;

    public StorageEngine(string connectionString, DurableSettings settings, DataConverter converter, ILoggerFactory loggers)
    {
        (this.converter, this.loggers) = (converter, loggers);
        // The Functions host's own defaults: docs/decisions/0045.
        var atOnce = 10 * Environment.ProcessorCount;
        service = new AzureStorageOrchestrationService(
            new AzureStorageOrchestrationServiceSettings
            {
                StorageAccountClientProvider = new StorageAccountClientProvider(connectionString),
                TaskHubName = settings.HubName,
                PartitionCount = settings.PartitionCount,
                ControlQueueVisibilityTimeout = settings.ControlQueueVisibilityTimeout,
                WorkItemQueueVisibilityTimeout = settings.WorkItemQueueVisibilityTimeout,
                MaxQueuePollingInterval = settings.MaxQueuePollingInterval,
                MaxConcurrentTaskOrchestrationWorkItems = atOnce,
                MaxConcurrentTaskActivityWorkItems = atOnce,
                MaxConcurrentTaskEntityWorkItems = atOnce,
                UseSeparateQueueForEntityWorkItems = true,
                ThrowExceptionOnInvalidDedupeStatus = true,
                // Kept sessions hand entities to a dispatcher that does not know their state.
                ExtendedSessionsEnabled = false,
                LoggerFactory = loggers,
            }
        );
        worker = new TaskHubWorker(service, loggers) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        Client = new StorageClient(service, converter);
    }

    public DurableTaskClient Client { get; }

    /// <summary>Cancelled when the engine stops.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Says what the engine runs; once, before it starts.</summary>
    public StorageEngine Use(Action<DurableTaskRegistry> addTasks)
    {
        var options = new DurableTaskWorkerOptions { DataConverter = converter, EnableEntitySupport = true };
        new StorageTasks(TaskFactories.From(addTasks), options, loggers).AttachTo(worker);
        return this;
    }

    /// <summary>Makes the task hub where there is none, and works in the background.</summary>
    public async Task StartAsync()
    {
        await worker.StartAsync();
        started = true;
    }

    /// <summary>Waits some seconds for work in progress; what is not done by then, another start does again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!started)
            return;
        started = false;
        await stopping.CancelAsync();
        await worker.StopAsync(isForced: false);
        worker.Dispose();
        stopping.Dispose();
    }
}
