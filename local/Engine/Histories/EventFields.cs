using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.History;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>The fields of one event while it is read; used again for the next, whose missing timestamp is that of the one before.</summary>
internal sealed class EventFields
{
    private static readonly (EventType Type, byte[] Name)[] Types =
        [.. Enum.GetValues<EventType>().Select(t => (t, System.Text.Encoding.UTF8.GetBytes(t.ToString())))];

    private EventType type;
    private int eventId, taskId, timerId, status;
    private DateTime timestamp, fireAt;
    private DateTime? startAt;
    private string? name, version, input, result, reason, instanceId, parentExecution;
    private bool recursive;
    private Dictionary<string, string>? tags;
    private FailureDetails? failure;
    private OrchestrationInstance? instance;
    private ParentInstance? parent;

    public static ReadOnlySpan<byte> NameOf(EventType type) => Types[(int)type].Name;

    public void Read(ref Utf8JsonReader r)
    {
        (eventId, taskId, timerId, status, fireAt, startAt) = (-1, 0, 0, 0, default, null);
        (name, version, input, result, reason, instanceId, parentExecution) = (null, null, null, null, null, null, null);
        (recursive, tags, failure, instance, parent) = (false, null, null, null, null);
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            if (!ReadNumberOrTime(ref r) && !ReadText(ref r)) ReadObject(ref r);
        }
    }

    public HistoryEvent ToEvent()
    {
        var e = Create();
        e.Timestamp = timestamp;
        return e;
    }

    private HistoryEvent Create() => type switch
    {
        EventType.ExecutionStarted => new ExecutionStartedEvent(eventId, input)
        {
            Name = name, Version = version ?? "", Tags = tags, OrchestrationInstance = instance, ParentInstance = parent, ScheduledStartTime = startAt,
        },
        EventType.ExecutionCompleted => new ExecutionCompletedEvent(eventId, result, (OrchestrationStatus)status, failure),
        EventType.ExecutionTerminated => recursive ? new RecursiveTermination(input!) : new ExecutionTerminatedEvent(eventId, input),
        EventType.ExecutionSuspended => new ExecutionSuspendedEvent(eventId, reason),
        EventType.ExecutionResumed => new ExecutionResumedEvent(eventId, reason),
        EventType.ExecutionRewound => new ExecutionRewoundEvent(eventId, reason) { ParentExecutionId = parentExecution },
        EventType.TaskScheduled => new TaskScheduledEvent(eventId, name!, version ?? "", input) { Tags = tags },
        EventType.TaskCompleted => new TaskCompletedEvent(eventId, taskId, result),
        EventType.TaskFailed => new TaskFailedEvent(eventId, taskId, reason, null, failure),
        EventType.SubOrchestrationInstanceCreated => new SubOrchestrationInstanceCreatedEvent(eventId)
        {
            InstanceId = instanceId, Name = name, Version = version ?? "", Input = input, Tags = tags,
        },
        EventType.SubOrchestrationInstanceCompleted => new SubOrchestrationInstanceCompletedEvent(eventId, taskId, result),
        EventType.SubOrchestrationInstanceFailed => new SubOrchestrationInstanceFailedEvent(eventId, taskId, reason, null, failure),
        EventType.TimerCreated => new TimerCreatedEvent(eventId, fireAt),
        EventType.TimerFired => new TimerFiredEvent(eventId, fireAt) { TimerId = timerId },
        EventType.EventSent => new EventSentEvent(eventId) { InstanceId = instanceId, Name = name, Input = input },
        EventType.EventRaised => new EventRaisedEvent(eventId, input) { Name = name },
        EventType.OrchestratorStarted => new OrchestratorStartedEvent(eventId),
        EventType.OrchestratorCompleted => new OrchestratorCompletedEvent(eventId),
        _ => throw new JsonException($"A {type} does not occur in a history of this engine."),
    };

    private bool ReadNumberOrTime(ref Utf8JsonReader r)
    {
        if (r.ValueTextEquals("EventType"u8)) type = TypeOf(ref r);
        else if (r.ValueTextEquals("EventId"u8)) eventId = Next(ref r).GetInt32();
        else if (r.ValueTextEquals("Timestamp"u8)) timestamp = Next(ref r).GetDateTime();
        else if (r.ValueTextEquals("TaskScheduledId"u8)) taskId = Next(ref r).GetInt32();
        else if (r.ValueTextEquals("FireAt"u8)) fireAt = Next(ref r).GetDateTime();
        else if (r.ValueTextEquals("TimerId"u8)) timerId = Next(ref r).GetInt32();
        else if (r.ValueTextEquals("OrchestrationStatus"u8)) status = Next(ref r).GetInt32();
        else if (r.ValueTextEquals("ScheduledStartTime"u8)) startAt = Next(ref r).GetDateTime();
        else if (r.ValueTextEquals("Recursive"u8)) recursive = Next(ref r).GetBoolean();
        else return false;
        return true;
    }

    private bool ReadText(ref Utf8JsonReader r)
    {
        if (r.ValueTextEquals("Name"u8)) name = Next(ref r).GetString();
        else if (r.ValueTextEquals("Input"u8)) input = Next(ref r).GetString();
        else if (r.ValueTextEquals("Result"u8)) result = Next(ref r).GetString();
        else if (r.ValueTextEquals("InstanceId"u8)) instanceId = Next(ref r).GetString();
        else if (r.ValueTextEquals("Version"u8)) version = Next(ref r).GetString();
        else if (r.ValueTextEquals("Reason"u8)) reason = Next(ref r).GetString();
        else if (r.ValueTextEquals("ParentExecutionId"u8)) parentExecution = Next(ref r).GetString();
        else return false;
        return true;
    }

    private void ReadObject(ref Utf8JsonReader r)
    {
        if (r.ValueTextEquals("FailureDetails"u8)) failure = FailureJson.Read(Element(ref r));
        else if (r.ValueTextEquals("Tags"u8)) tags = Element(ref r).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        else if (r.ValueTextEquals("OrchestrationInstance"u8)) instance = Instance(Element(ref r));
        else if (r.ValueTextEquals("ParentInstance"u8))
        {
            var e = Element(ref r);
            parent = new ParentInstance
            {
                Name = e.GetProperty("Name").GetString(), Version = "", TaskScheduleId = e.GetProperty("TaskScheduleId").GetInt32(),
                OrchestrationInstance = Instance(e.GetProperty("OrchestrationInstance")),
            };
        }
        else r.Skip();
    }

    private static OrchestrationInstance Instance(JsonElement e) =>
        new() { InstanceId = e.GetProperty("InstanceId").GetString(), ExecutionId = e.GetProperty("ExecutionId").GetString() };

    private static EventType TypeOf(ref Utf8JsonReader r)
    {
        r.Read();
        foreach (var (type, name) in Types)
        {
            if (r.ValueTextEquals(name)) return type;
        }
        throw new JsonException($"'{r.GetString()}' is no type of event.");
    }

    private static JsonElement Element(ref Utf8JsonReader r)
    {
        r.Read();
        return JsonElement.ParseValue(ref r);
    }

    private static ref Utf8JsonReader Next(ref Utf8JsonReader r)
    {
        r.Read();
        return ref r;
    }
}
