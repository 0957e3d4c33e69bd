using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.History;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>Writes one event.</summary>
internal static class HistoryEventWriter
{
    public static void Write(Utf8JsonWriter w, HistoryEvent e, DateTime before)
    {
        w.WriteStartObject();
        w.WriteString("EventType"u8, EventFields.NameOf(e.EventType));
        if (e.EventId != -1) w.WriteNumber("EventId"u8, e.EventId);
        if (e.Timestamp != before) w.WriteString("Timestamp"u8, e.Timestamp);
        WriteBody(w, e);
        w.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter w, HistoryEvent e)
    {
        switch (e)
        {
            case ExecutionStartedEvent x: WriteStarted(w, x); break;
            case ExecutionCompletedEvent x:
                w.WriteNumber("OrchestrationStatus"u8, (int)x.OrchestrationStatus);
                Text(w, "Result"u8, x.Result);
                Failure(w, x.FailureDetails);
                break;
            case ExecutionTerminatedEvent x:
                Text(w, "Input"u8, x.Input);
                if (x is RecursiveTermination) w.WriteBoolean("Recursive"u8, true);
                break;
            case ExecutionSuspendedEvent x: Text(w, "Reason"u8, x.Reason); break;
            case ExecutionResumedEvent x: Text(w, "Reason"u8, x.Reason); break;
            case ExecutionRewoundEvent x:
                Text(w, "Reason"u8, x.Reason);
                Text(w, "ParentExecutionId"u8, x.ParentExecutionId);
                break;
            case TaskScheduledEvent x: Call(w, x.Name, x.Version, x.Input, x.Tags); break;
            case TaskCompletedEvent x: Answer(w, x.TaskScheduledId, x.Result, null, null); break;
            case TaskFailedEvent x: Answer(w, x.TaskScheduledId, null, x.Reason, x.FailureDetails); break;
            case SubOrchestrationInstanceCreatedEvent x:
                Text(w, "InstanceId"u8, x.InstanceId);
                Call(w, x.Name, x.Version, x.Input, x.Tags);
                break;
            case SubOrchestrationInstanceCompletedEvent x: Answer(w, x.TaskScheduledId, x.Result, null, null); break;
            case SubOrchestrationInstanceFailedEvent x: Answer(w, x.TaskScheduledId, null, x.Reason, x.FailureDetails); break;
            case TimerCreatedEvent x: w.WriteString("FireAt"u8, x.FireAt); break;
            case TimerFiredEvent x:
                w.WriteNumber("TimerId"u8, x.TimerId);
                w.WriteString("FireAt"u8, x.FireAt);
                break;
            case EventSentEvent x:
                Text(w, "InstanceId"u8, x.InstanceId);
                Call(w, x.Name, null, x.Input, null);
                break;
            case EventRaisedEvent x: Call(w, x.Name, null, x.Input, null); break;
            case OrchestratorStartedEvent or OrchestratorCompletedEvent: break;
            default: throw new NotSupportedException($"A {e.EventType} does not occur in a history of this engine.");
        }
    }

    private static void WriteStarted(Utf8JsonWriter w, ExecutionStartedEvent x)
    {
        w.WriteStartObject("OrchestrationInstance"u8);
        Text(w, "InstanceId"u8, x.OrchestrationInstance.InstanceId);
        Text(w, "ExecutionId"u8, x.OrchestrationInstance.ExecutionId);
        w.WriteEndObject();
        if (x.ParentInstance is { } p)
        {
            w.WriteStartObject("ParentInstance"u8);
            Text(w, "Name"u8, p.Name);
            w.WriteNumber("TaskScheduleId"u8, p.TaskScheduleId);
            w.WriteStartObject("OrchestrationInstance"u8);
            Text(w, "InstanceId"u8, p.OrchestrationInstance.InstanceId);
            Text(w, "ExecutionId"u8, p.OrchestrationInstance.ExecutionId);
            w.WriteEndObject();
            w.WriteEndObject();
        }
        if (x.ScheduledStartTime is { } at) w.WriteString("ScheduledStartTime"u8, at);
        Call(w, x.Name, x.Version, x.Input, x.Tags);
    }

    private static void Call(Utf8JsonWriter w, string? name, string? version, string? input, IDictionary<string, string>? tags)
    {
        Text(w, "Name"u8, name);
        if (version is { Length: > 0 }) w.WriteString("Version"u8, version);
        Text(w, "Input"u8, input);
        if (tags is not { Count: > 0 }) return;
        w.WriteStartObject("Tags"u8);
        foreach (var (key, value) in tags) w.WriteString(key, value);
        w.WriteEndObject();
    }

    private static void Answer(Utf8JsonWriter w, int taskId, string? result, string? reason, FailureDetails? failure)
    {
        w.WriteNumber("TaskScheduledId"u8, taskId);
        Text(w, "Result"u8, result);
        Text(w, "Reason"u8, reason);
        Failure(w, failure);
    }

    private static void Failure(Utf8JsonWriter w, FailureDetails? failure)
    {
        if (failure is null) return;
        w.WritePropertyName("FailureDetails"u8);
        FailureJson.Write(w, failure);
    }

    private static void Text(Utf8JsonWriter w, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null) w.WriteString(name, value);
    }
}
