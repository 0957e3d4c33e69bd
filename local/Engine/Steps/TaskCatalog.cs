using System.Diagnostics.CodeAnalysis;
using Microsoft.DurableTask.Abstractions;
using Microsoft.DurableTask.Worker.Shims;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>What the engine can run: made by the official factory, wrapped by the official shims.</summary>
internal sealed class TaskCatalog
{
    private readonly IDurableTaskFactory factory;
    private readonly DurableTaskShimFactory shims;
    private readonly TryCreate<ITaskOrchestrator>? versionedOrchestrators;
    private readonly TryCreate<ITaskActivity>? versionedActivities;

    public TaskCatalog(IDurableTaskFactory factory, IServiceProvider services, DurableTaskWorkerOptions options, ILoggerFactory loggers)
    {
        this.factory = factory;
        Services = services;
        Options = options;
        options.EnableEntitySupport = true;
        shims = new DurableTaskShimFactory(options, loggers);
        // By version the official factory finds through an interface that is internal to its assembly; its methods are public on the class.
        versionedOrchestrators = Versioned<ITaskOrchestrator>("TryCreateOrchestrator");
        versionedActivities = Versioned<ITaskActivity>("TryCreateActivity");
        ExceptionProperties = services.GetService<Microsoft.DurableTask.Worker.IExceptionPropertiesProvider>() is { } p ? new ExceptionPropertiesProviderAdapter(p) : null;
#pragma warning disable CS0618 // Experimental, but there.
        Filter = options.OrchestrationFilter ?? services.GetService<IOrchestrationFilter>();
    }

    public IOrchestrationFilter? Filter { get; }
#pragma warning restore CS0618

    private delegate bool TryCreate<T>(TaskName name, TaskVersion version, IServiceProvider services, [NotNullWhen(true)] out T? task);

    public IServiceProvider Services { get; }

    public DurableTaskWorkerOptions Options { get; }

    public ExceptionPropertiesProviderAdapter? ExceptionProperties { get; }

    /// <summary>Services for one run; null where tasks need none.</summary>
    public AsyncServiceScope? NewScope() => ReferenceEquals(Services, Hosting.TaskFactories.NoServices) ? null : Services.CreateAsyncScope();

    /// <summary>Null where there is none of that name and version.</summary>
    public TaskOrchestration? CreateOrchestration(string name, string? version, ParentOrchestrationInstance? parent, IServiceProvider services)
    {
        var found = versionedOrchestrators is { } create
            ? create(name, VersionOf(version), services, out var orchestrator)
            : factory.TryCreateOrchestrator(name, services, out orchestrator);
        return found ? shims.CreateOrchestration(name, orchestrator!, parent) : null;
    }

    /// <summary>Makes the code of an orchestration anew with each call.</summary>
    /// <exception cref="TaskMissingException">There is none of that name and version; thrown by the call of the result.</exception>
    public Func<TaskOrchestration> CodeOf(InstanceRecord record, IServiceProvider services)
    {
        var parent = record.Parent is { } p ? new ParentOrchestrationInstance(p.Name, p.InstanceId) : null;
        return () => CreateOrchestration(record.Name, record.Version, parent, services)
            ?? throw new TaskMissingException(NotFound("OrchestratorTaskNotFound", "orchestrator", record.Name, record.Version));
    }

    /// <inheritdoc cref="CreateOrchestration"/>
    public TaskActivity? CreateActivity(string name, string? version, IServiceProvider services)
    {
        var found = versionedActivities is { } create
            ? create(name, VersionOf(version), services, out var activity)
            : factory.TryCreateActivity(name, services, out activity);
        return found ? shims.CreateActivity(name, activity!) : null;
    }

    /// <inheritdoc cref="CreateOrchestration"/>
    public DurableTask.Core.Entities.TaskEntity? CreateEntity(EntityInstanceId id, IServiceProvider services) =>
        factory is IDurableTaskFactory2 entities && entities.TryCreateEntity(id.Name, services, out var entity)
            ? shims.CreateEntity(id.Name, entity, new EntityId(id.Name, id.Key))
            : null;

    /// <summary>Why a version may not run on this worker, in the official worker's words; null where it may.</summary>
    public FailureDetails? WrongVersion(string version)
    {
        if (Options.Versioning is not { } versioning) return null;
        var comparison = TaskOrchestrationVersioningUtils.CompareVersions(version, versioning.Version);
        var relation = versioning.MatchStrategy switch
        {
            DurableTaskWorkerOptions.VersionMatchStrategy.Strict when comparison != 0 => "does not match",
            DurableTaskWorkerOptions.VersionMatchStrategy.CurrentOrOlder when comparison > 0 => "is greater than",
            _ => null,
        };
        return relation is null ? null : Final("VersionMismatch", $"The orchestration version '{version}' {relation} the worker version '{versioning.Version}'.");
    }

    public static FailureDetails NotFound(string errorType, string kind, string name, string? version) => Final(
        errorType, string.IsNullOrEmpty(version) ? $"No {kind} task named '{name}' was found." : $"No {kind} task named '{name}' with version '{version}' was found.");

    /// <summary>A failure that no retry policy retries.</summary>
    public static FailureDetails Final(string errorType, string message) => new(errorType, message, null, null, isNonRetriable: true);

    public FailureDetails Failure(Exception e)
    {
        var core = new FailureDetails(e);
        return ExceptionProperties is null ? core : WithProperties(core, e);
    }

    private FailureDetails WithProperties(FailureDetails f, Exception e) => new(
        f.ErrorType, f.ErrorMessage, f.StackTrace, e.InnerException is { } inner && f.InnerFailure is { } g ? WithProperties(g, inner) : f.InnerFailure,
        f.IsNonRetriable, ExceptionProperties!.GetExceptionProperties(e));

    private static TaskVersion VersionOf(string? version) => string.IsNullOrWhiteSpace(version) ? default : new TaskVersion(version);

    private TryCreate<T>? Versioned<T>(string method)
        where T : class
    {
        var found = factory.GetType().GetMethod(method, [typeof(TaskName), typeof(TaskVersion), typeof(IServiceProvider), typeof(T).MakeByRefType()]);
        return found?.CreateDelegate<TryCreate<T>>(factory);
    }
}
