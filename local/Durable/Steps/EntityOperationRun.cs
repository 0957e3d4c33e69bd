using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable.Steps;

/// <summary>One operation as the entity sees it. What it changes counts only if it does not throw.</summary>
internal sealed class EntityOperationRun : TaskEntityOperation
{
    private readonly ReadOnlyMemory<byte>? input;
    private readonly StoredState stored;

    public EntityOperationRun(
        EntityInstanceId id, string name, ReadOnlyMemory<byte>? input, byte[]? state, DurableMessage message, Func<long> nextNumber, long now)
    {
        this.input = input;
        Name = name;
        stored = new StoredState(state);
        Context = new OperationContext(this, id, message, nextNumber, now);
    }

    public override string Name { get; }

    public override TaskEntityContext Context { get; }

    public override TaskEntityState State => stored;

    public override bool HasInput => input is not null;

    public byte[]? NewState => stored.Json;

    public List<DurableMessage> Sent { get; } = [];

    public override object? GetInput(Type inputType) => DurableJson.Deserialize(input, inputType);

    public override string ToString() => Name;

    private sealed class StoredState(byte[]? json) : TaskEntityState
    {
        public byte[]? Json { get; private set; } = json;

        public override bool HasState => Json is not null;

        public override object? GetState(Type type) => DurableJson.Deserialize(Json, type);

        public override void SetState(object? state) => Json = DurableJson.Serialize(state);
    }

    private sealed class OperationContext(EntityOperationRun run, EntityInstanceId id, DurableMessage message, Func<long> nextNumber, long now) : TaskEntityContext
    {
        public override EntityInstanceId Id => id;

        public override void SignalEntity(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null) =>
            run.Sent.Add(new DurableMessage
            {
                Number = nextNumber(), Target = Checked(id), Source = Id.ToString(), Due = options?.SignalTime?.UtcTicks ?? 0,
                Event = EncodedEvent.Of(EventKind.EntityOperation, name: operationName, payload: DurableJson.Serialize(input)),
            });

        private static string Checked(EntityInstanceId id)
        {
            HostLimits.CheckEntityId(id.ToString());
            return id.ToString();
        }

        public override string ScheduleNewOrchestration(TaskName name, object? input = null, StartOrchestrationOptions? options = null)
        {
            // Derived, so that a run of the same messages names the same orchestration.
            var instanceId = options?.InstanceId ?? DeterministicGuid.Of(Id.ToString(), message.Number, now, run.Sent.Count).ToString("N");
            HostLimits.CheckInstanceId(instanceId);
            var start = new InstanceRecord
            {
                Id = instanceId, Name = name.Name, Status = InstanceStatus.Pending, CreatedAt = now, UpdatedAt = now, Execution = nextNumber(),
                Input = DurableJson.Serialize(input), Version = options?.Version?.Version, ReplacesTerminal = true,
                Tags = options?.Tags is { Count: > 0 } tags ? DurableJson.Serialize(tags) : null,
            };
            run.Sent.Add(ReplayContext.StartMessage(start, Id.ToString(), options?.StartAt?.UtcTicks ?? 0));
            return instanceId;
        }
    }
}
