using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Steps;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace IRFunctions.Local.Durable.Client;

/// <summary>The engine's client. What it acknowledges is stored.</summary>
internal sealed class EngineClient(DurableEngine engine, IDurableStore store) : DurableTaskClient("local")
{
    public override DurableEntityClient Entities { get; } = new EngineEntityClient(engine, store);

    /// <exception cref="InvalidOperationException">There is such an instance, and it is not finished (or finished in a status that is to be
    /// kept).</exception>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        var id = options?.InstanceId ?? Guid.NewGuid().ToString("N");
        HostLimits.CheckInstanceId(id);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var existing = store.Read(id);
            ThrowIfKept(existing, options);
            var now = engine.Now;
            var record = new InstanceRecord
            {
                Id = id, Name = orchestratorName.Name, Status = InstanceStatus.Pending, CreatedAt = now, UpdatedAt = now, Execution = engine.NextNumber(),
                Version = options?.Version?.Version, Input = DurableJson.Serialize(input),
                Tags = options?.Tags is { Count: > 0 } tags ? DurableJson.Serialize(tags) : null,
            };
            var commit = new StepCommit { InstanceId = id, ExpectedExecution = existing?.Execution ?? 0, Record = record, ClearHistory = existing is not null };
            commit.NewMessages.Add(ReplayContext.StartMessage(record, null, options?.StartAt?.UtcTicks ?? 0, withRecord: false));
            if (await engine.PostAsync(commit)) return id;
        }
    }

    public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return PostAsync(instanceId, EncodedEvent.Of(EventKind.EventRaised, name: eventName, payload: DurableJson.Serialize(eventPayload)));
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        PostAsync(instanceId, EncodedEvent.Of(EventKind.Suspended, name: reason));

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        PostAsync(instanceId, EncodedEvent.Of(EventKind.Resumed, name: reason));

    public override Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default) =>
        PostAsync(instanceId, EncodedEvent.Of(EventKind.Terminated, options?.Recursive == true ? 1 : 0, payload: DurableJson.Serialize(options?.Output)));

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, r => r.Status != InstanceStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, r => r.IsTerminal, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Task.FromResult(Find(instanceId) is { } record ? Metadata.Of(record, getInputsAndOutputs) : null);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        return Pageable.Create((token, size, _) =>
        {
            var limit = size ?? query.PageSize;
            var found = store.Query(Metadata.Filter(query.CreatedFrom, query.CreatedTo, query.Statuses) with
            {
                Prefix = query.InstanceIdPrefix, After = token ?? query.ContinuationToken, Limit = limit,
            });
            var values = found.Select(r => Metadata.Of(r, query.FetchInputsAndOutputs)).ToArray();
            return Task.FromResult(new Page<OrchestrationMetadata>(values, values.Length == limit ? values[^1].InstanceId : null));
        });
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default) =>
        new(await PurgeAsync(instanceId, options?.Recursive == true), isComplete: true);

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        var wanted = Metadata.Filter(filter.CreatedFrom, filter.CreatedTo, filter.Statuses);
        var purged = 0;
        for (string? after = null; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = store.Query(wanted with { After = after, Limit = 500 });
            foreach (var record in page) purged += await PurgeAsync(record.Id, options?.Recursive == true);
            if (page.Count == 0) return new PurgeResult(purged, isComplete: true);
            after = page[^1].Id;
        }
    }

    public override ValueTask DisposeAsync() => default;

    private static void ThrowIfKept(InstanceRecord? existing, StartOrchestrationOptions? options)
    {
        if (existing is null) return;
        if (!existing.IsTerminal)
            throw new InvalidOperationException($"An orchestration with the id '{existing.Id}' exists already and is not finished ({existing.Status}).");
        if (options?.DedupeStatuses?.Contains(existing.Status.ToString(), StringComparer.OrdinalIgnoreCase) == true)
            throw new InvalidOperationException($"An orchestration with the id '{existing.Id}' exists already ({existing.Status}) and is to be kept.");
    }

    private InstanceRecord? Find(string id) => store.Read(id) is { IsEntity: false } record ? record : null;

    private async Task PostAsync(string id, byte[] message)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        // Unknown and finished instances get nothing; that is no error.
        if (Find(id) is null or { IsTerminal: true }) return;
        var commit = new StepCommit { InstanceId = id };
        commit.NewMessages.Add(new DurableMessage { Number = engine.NextNumber(), Target = id, Event = message });
        await engine.PostAsync(commit);
    }

    private async Task<OrchestrationMetadata> WaitAsync(string id, Func<InstanceRecord, bool> reached, bool payloads, CancellationToken cancellation)
    {
        while (true)
        {
            var change = engine.Watchers.NextChange(id);
            if (Find(id) is { } record && reached(record)) return Metadata.Of(record, payloads);
            await change.WaitAsync(cancellation);
        }
    }

    private async Task<int> PurgeAsync(string id, bool recursive)
    {
        if (Find(id) is not { IsTerminal: true } record) return 0;
        var chunks = new List<ReadOnlyMemory<byte>>();
        if (recursive) store.ReadHistory(id, chunks);
        var children = OpenWork.Children(chunks).Distinct().ToArray();
        var purged = await engine.PostAsync(new StepCommit { InstanceId = id, ExpectedExecution = record.Execution, Delete = true }) ? 1 : 0;
        foreach (var child in children) purged += await PurgeAsync(child, recursive);
        return purged;
    }
}
