using System.Diagnostics.CodeAnalysis;
using IRFunctions.Local.Engine.Hosting;
using Microsoft.DurableTask.Abstractions;
using Microsoft.DurableTask.Worker.Shims;
using VersionMatch = Microsoft.DurableTask.Worker.DurableTaskWorkerOptions.VersionMatchStrategy;

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
        (this.factory, Services, Options) = (factory, services, options);
        options.EnableEntitySupport = true;
        shims = new DurableTaskShimFactory(options, loggers);
        // By version the official factory finds through an interface that is internal to its assembly; its methods are public on the class.
        versionedOrchestrators = Versioned<ITaskOrchestrator>("TryCreateOrchestrator");
        versionedActivities = Versioned<ITaskActivity>("TryCreateActivity");
        if (services.GetService<Microsoft.DurableTask.Worker.IExceptionPropertiesProvider>() is { } p)
            ExceptionProperties = new PlainProperties(new ExceptionPropertiesProviderAdapter(p));
#pragma warning disable CS0618 // Experimental, but there.
        Filter = options.OrchestrationFilter ?? services.GetService<IOrchestrationFilter>();
    }

    public IOrchestrationFilter? Filter { get; }
#pragma warning restore CS0618

    private delegate bool TryCreate<T>(TaskName name, TaskVersion version, IServiceProvider services, [NotNullWhen(true)] out T? task);

    public IServiceProvider Services { get; }

    public DurableTaskWorkerOptions Options { get; }

    public IExceptionPropertiesProvider? ExceptionProperties { get; }

    /// <summary>Services for one run; null where tasks need none.</summary>
    public AsyncServiceScope? NewScope() => ReferenceEquals(Services, TaskFactories.NoServices) ? null : Services.CreateAsyncScope();

    /// <summary>Makes the code of an orchestration anew with each call.</summary>
    /// <exception cref="TaskMissingException">There is none of that name and version; thrown by the call of the result.</exception>
    public Func<TaskOrchestration> CodeOf(InstanceRecord record, AsyncServiceScope? scope)
    {
        var services = scope?.ServiceProvider ?? Services;
        var parent = record.Parent is { } p ? new ParentOrchestrationInstance(p.Name, p.InstanceId) : null;
        return () =>
        {
            var found = versionedOrchestrators is { } create
                ? create(record.Name, VersionOf(record.Version), services, out var orchestrator)
                : factory.TryCreateOrchestrator(record.Name, services, out orchestrator);
            return found
                ? shims.CreateOrchestration(record.Name, orchestrator!, parent)
                : throw new TaskMissingException("Orchestrator", record.Name, record.Version);
        };
    }

    /// <inheritdoc cref="CodeOf"/>
    public TaskActivity CreateActivity(string name, string? version, AsyncServiceScope? scope)
    {
        var services = scope?.ServiceProvider ?? Services;
        var found = versionedActivities is { } create
            ? create(name, VersionOf(version), services, out var activity)
            : factory.TryCreateActivity(name, services, out activity);
        return found ? shims.CreateActivity(name, activity!) : throw new TaskMissingException("Activity", name, version);
    }

    /// <inheritdoc cref="CodeOf"/>
    public DurableTask.Core.Entities.TaskEntity CreateEntity(EntityInstanceId id, AsyncServiceScope? scope) =>
        factory is IDurableTaskFactory2 entities && entities.TryCreateEntity(id.Name, scope?.ServiceProvider ?? Services, out var entity)
            ? shims.CreateEntity(id.Name, entity, new EntityId(id.Name, id.Key))
            : throw new TaskMissingException("Entity", id.Name, null);

    /// <summary>Why a version may not run on this worker, in the official worker's words; null where it may.</summary>
    public FailureDetails? WrongVersion(string? version)
    {
        if (Options.Versioning is not { MatchStrategy: not VersionMatch.None } versioning)
            return null;
        var comparison = TaskOrchestrationVersioningUtils.CompareVersions(version ?? "", versioning.Version);
        if (versioning.MatchStrategy == VersionMatch.Strict ? comparison == 0 : comparison <= 0)
            return null;
        var relation = versioning.MatchStrategy == VersionMatch.Strict ? "does not match" : "is greater than";
        return new(
            "VersionMismatch",
            $"The orchestration version '{version}' {relation} the worker version '{versioning.Version}'.",
            null,
            null,
            isNonRetriable: true
        );
    }

    public FailureDetails Failure(Exception e)
    {
        if (e is TaskMissingException missing)
            return new($"{missing.Kind}TaskNotFound", missing.Message, null, null, isNonRetriable: true);
        var core = new FailureDetails(e);
        return ExceptionProperties is null ? core : WithProperties(core, e);
    }

    private FailureDetails WithProperties(FailureDetails f, Exception e) =>
        new(
            f.ErrorType,
            f.ErrorMessage,
            f.StackTrace,
            e.InnerException is { } inner && f.InnerFailure is { } g ? WithProperties(g, inner) : f.InnerFailure,
            f.IsNonRetriable,
            ExceptionProperties!.GetExceptionProperties(e)
        );

    private static TaskVersion VersionOf(string? version) => string.IsNullOrWhiteSpace(version) ? default : new TaskVersion(version);

    private TryCreate<T>? Versioned<T>(string method)
        where T : class =>
        factory
            .GetType()
            .GetMethod(method, [typeof(TaskName), typeof(TaskVersion), typeof(IServiceProvider), typeof(T).MakeByRefType()])
            ?.CreateDelegate<TryCreate<T>>(factory);
}

/// <summary>There is no such task: in the official worker's words, and not to be tried again.</summary>
internal sealed class TaskMissingException(string kind, string name, string? version)
    : Exception(
        $"No {(kind == "Orchestrator" ? "orchestrator" : kind.ToLowerInvariant())} task named '{name}' "
            + $"{(string.IsNullOrEmpty(version) ? "" : $"with version '{version}' ")}was found."
    )
{
    public string Kind => kind;
}
