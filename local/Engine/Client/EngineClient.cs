using Microsoft.Extensions.Options;

namespace IRFunctions.Local.Engine.Client;

/// <summary>The engine's client. What it acknowledges is stored.</summary>
public sealed partial class EngineClient : DurableTaskClient
{
    private readonly DurableEngine engine;
    private readonly DurableTaskClientOptions options;

    /// <summary>For an official client builder.</summary>
    public EngineClient(string? name, DurableEngine engine, IOptionsMonitor<DurableTaskClientOptions> options)
        : this(engine, (options ?? throw new ArgumentNullException(nameof(options))).Get(name ?? Options.DefaultName), name) { }

    internal EngineClient(DurableEngine engine, DurableTaskClientOptions options, string? name = null)
        : base(name ?? "local") =>
        (this.engine, this.options, Entities) = (engine, options, new EngineEntityClient(engine, options.DataConverter));

    public override DurableEntityClient Entities { get; }

    private IDurableStore Store => engine.Store;

    /// <exception cref="OrchestrationAlreadyExistsException">There is such an instance and it is not finished, or its status is among
    /// <see cref="StartOrchestrationOptions.DedupeStatuses"/>. One that is not finished is replaced where these are given and lack its
    /// status.</exception>
    /// <exception cref="ArgumentException">The id is none for an orchestration.</exception>
    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        var id = options?.InstanceId ?? Guid.NewGuid().ToString("N");
        if (engine.Limits.WrongInstanceId(id) is { } wrong)
            throw new ArgumentException(wrong, nameof(options));
        if (string.IsNullOrEmpty(orchestratorName.Name))
            throw new ArgumentNullException(nameof(orchestratorName));
        var start = OrchestrationStep.Start(
            id,
            engine.NextNumber(),
            orchestratorName.Name,
            options?.Version?.Version ?? this.options.DefaultVersion,
            this.options.DataConverter.Serialize(input),
            options?.Tags is { Count: > 0 } tags ? tags.ToDictionary() : null,
            null
        );
        start.ScheduledStartTime = options?.StartAt?.UtcDateTime;
        return StartAsync(start, Dedupe(options), cancellation);
    }

    public override Task RaiseEventAsync(
        string instanceId,
        string eventName,
        object? eventPayload = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return PostAsync(instanceId, new EventRaisedEvent(-1, options.DataConverter.Serialize(eventPayload)) { Name = eventName });
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        PostAsync(instanceId, new ExecutionSuspendedEvent(-1, reason));

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        PostAsync(instanceId, new ExecutionResumedEvent(-1, reason));

    public override Task TerminateInstanceAsync(
        string instanceId,
        TerminateInstanceOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        var output = this.options.DataConverter.Serialize(options?.Output);
        return PostAsync(
            instanceId,
            options?.Recursive == true ? new RecursiveTermination(output!) : new ExecutionTerminatedEvent(-1, output)
        );
    }

    /// <exception cref="ArgumentException">There is no such orchestration.</exception>
    /// <exception cref="InvalidOperationException">It has not failed.</exception>
    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default) =>
        Existing(instanceId).Status == OrchestrationStatus.Failed
            ? PostAsync(instanceId, new ExecutionRewoundEvent(-1, reason), rewinds: true)
            : throw new InvalidOperationException(
                $"Only a failed orchestration can be rewound; '{instanceId}' is {Existing(instanceId).Status}. One that ended "
                    + $"otherwise can be restarted."
            );

    /// <exception cref="ArgumentException">There is no such orchestration.</exception>
    /// <exception cref="InvalidOperationException">It is not finished, and no new id was asked for.</exception>
    public override Task<string> RestartAsync(
        string instanceId,
        bool restartWithNewInstanceId = false,
        CancellationToken cancellation = default
    )
    {
        var record = Existing(instanceId);
        if (!restartWithNewInstanceId && !record.IsTerminal)
        {
            throw new InvalidOperationException(
                $"An orchestration with the instanceId {instanceId} cannot be restarted: it is {record.Status}. "
                    + "Terminate it first, or restart it with a new instance id."
            );
        }
        var id = restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId;
        return StartAsync(
            OrchestrationStep.Start(id, engine.NextNumber(), record.Name, record.Version, InputOf(record), record.Tags, null),
            null,
            cancellation
        );
    }

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => WaitAsync(instanceId, r => r.Status != OrchestrationStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => WaitAsync(instanceId, r => r.IsTerminal, getInputsAndOutputs, cancellation);

    public override ValueTask DisposeAsync() => default;

    private static HashSet<OrchestrationStatus>? Dedupe(StartOrchestrationOptions? options) =>
        options
            ?.DedupeStatuses?.Select(s =>
                Enum.TryParse<OrchestrationStatus>(s, ignoreCase: true, out var status)
                    ? status
                    : throw new ArgumentException($"Invalid orchestration runtime status: '{s}' for deduplication.", nameof(options))
            )
            .ToHashSet();

    private static bool IsKept(InstanceRecord existing, HashSet<OrchestrationStatus>? dedupe)
    {
        if (existing.IsTerminal || dedupe is null || dedupe.Contains(existing.Status))
            return !existing.IsTerminal || dedupe?.Contains(existing.Status) == true;
        if (!dedupe.Contains(OrchestrationStatus.Terminated))
            return false;
        throw new ArgumentException(
            $"An orchestration that is {existing.Status} cannot be replaced where terminated ones are to be kept.",
            nameof(dedupe)
        );
    }

    private async Task<string> StartAsync(ExecutionStartedEvent start, HashSet<OrchestrationStatus>? dedupe, CancellationToken cancellation)
    {
        var id = start.OrchestrationInstance.InstanceId;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var existing = Store.Read(id);
            if (existing is not null && IsKept(existing, dedupe))
                throw new OrchestrationAlreadyExistsException(
                    $"An orchestration with id '{id}' already exists. It's in the {existing.Status} state."
                );
            var (now, execution) = (engine.Now, engine.NextNumber());
            start.OrchestrationInstance.ExecutionId = OrchestrationStep.ExecutionId(execution);
            var record = new InstanceRecord
            {
                Id = id,
                Name = start.Name,
                Version = start.Version,
                Status = OrchestrationStatus.Pending,
                CreatedAt = now,
                UpdatedAt = now,
                Execution = execution,
                Tags = start.Tags,
            };
            var commit = new StepCommit
            {
                InstanceId = id,
                ExpectedExecution = existing?.Execution ?? 0,
                Record = record,
                ClearHistoryOf = existing?.Execution ?? 0,
            };
            if (existing is { IsTerminal: false })
                EndReplaced(existing, commit);
            Add(commit, id, start, execution, start.ScheduledStartTime?.Ticks ?? 0);
            if (await engine.PostAsync(commit))
                return id;
        }
    }

    /// <summary>What ends with a run that another one takes the place of: its locks, and its parent's wait.</summary>
    private void EndReplaced(InstanceRecord r, StepCommit commit)
    {
        foreach (var entity in OpenWork.Locks(HistoryJson.Decode(Store.ReadHistory(r.Execution))))
            Add(commit, entity, EntityMessage.Release(entity, r.Id));
        if (r.Parent is not { Execution: > 0 } parent)
            return;
        var replaced = new FailureDetails("Terminated", $"The orchestration '{r.Id}' was replaced by another one.", null, null, false);
        Add(commit, parent.InstanceId, new SubOrchestrationInstanceFailedEvent(-1, parent.TaskId, null, null, replaced), parent.Execution);
    }

    private void Add(StepCommit commit, string target, HistoryEvent e, long execution = 0, long due = 0)
    {
        e.Timestamp = new DateTime(engine.Now, DateTimeKind.Utc);
        commit.New.Add(new Message(engine.NextNumber(), target, e, execution, due));
    }

    private async Task PostAsync(string id, HistoryEvent e, bool rewinds = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        NotEntity(id);
        // Unknown and finished instances get nothing; that is no error.
        if (Store.Read(id) is { } record ? record.IsTerminal && !rewinds : engine.Board.PendingStart(id) is null)
            return;
        var commit = new StepCommit { InstanceId = id };
        Add(commit, id, e);
        await engine.PostAsync(commit);
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string id,
        Func<InstanceRecord, bool> reached,
        bool payloads,
        CancellationToken cancellation
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        while (true)
        {
            var change = engine.Watchers.NextChange(id);
            if (Find(id) is { } record && reached(record))
                return MetadataOf(record, payloads);
            try
            {
                await change.WaitAsync(cancellation);
            }
            catch (TaskCanceledException e)
            {
                // The official client throws the base type, and tests ask for exactly that.
                throw new OperationCanceledException(
                    $"The wait for '{id}' was cancelled; waiting again goes on where this one ended.",
                    e,
                    cancellation
                );
            }
        }
    }

    private InstanceRecord? Find(string id) => Store.Read(NotEntity(id));

    /// <exception cref="ArgumentException">It is an entity's id.</exception>
    private static string NotEntity(string id) =>
        !id.StartsWith('@')
            ? id
            : throw new ArgumentException($"'{id}' is an entity's id, not an orchestration's: ask the client's Entities.", nameof(id));

    private InstanceRecord Existing(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return Find(id) ?? throw new ArgumentException($"An orchestration with the instanceId {id} was not found.", nameof(id));
    }
}
