namespace Microsoft.DurableTask;

/// <summary>The name of an orchestrator, activity or entity. Equal without regard to case.</summary>
public readonly struct TaskName : IEquatable<TaskName>
{
    public TaskName(string name)
    {
        Name = name ?? string.Empty;
        Version = string.Empty;
    }

    public string Name { get; }

    /// <summary>Always empty: versions travel in <see cref="TaskVersion"/>.</summary>
    public string Version { get; }

    public static implicit operator TaskName(string value) => string.IsNullOrEmpty(value) ? default : new TaskName(value);

    public static implicit operator string(TaskName value) => value.Name;

    public static bool operator ==(TaskName a, TaskName b) => a.Equals(b);

    public static bool operator !=(TaskName a, TaskName b) => !a.Equals(b);

    public bool Equals(TaskName other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object? obj) => obj is TaskName other && Equals(other);

    public override int GetHashCode() => Name is null ? 0 : Name.GetHashCode(StringComparison.OrdinalIgnoreCase);

    public override string ToString() => Name ?? string.Empty;
}

/// <summary>The version of an orchestrator, as text. Equal without regard to case.</summary>
public readonly struct TaskVersion : IEquatable<TaskVersion>
{
    public static readonly TaskVersion Unversioned = new(string.Empty);

    public TaskVersion(string version) => Version = version ?? string.Empty;

    public string Version { get; }

    public static implicit operator string(TaskVersion value) => value.Version;

    public static implicit operator TaskVersion(string value) => new(value);

    public static bool operator ==(TaskVersion a, TaskVersion b) => a.Equals(b);

    public static bool operator !=(TaskVersion a, TaskVersion b) => !a.Equals(b);

    public bool Equals(TaskVersion other) => string.Equals(Version, other.Version, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object? obj) => obj is TaskVersion other && Equals(other);

    public override int GetHashCode() => Version is null ? 0 : Version.GetHashCode(StringComparison.OrdinalIgnoreCase);
}

/// <summary>The orchestration that started this one.</summary>
public record ParentOrchestrationInstance(TaskName Name, string InstanceId);

/// <summary>What an activity is told about the orchestration that called it.</summary>
public abstract class TaskActivityContext
{
    public abstract TaskName Name { get; }

    public abstract string InstanceId { get; }

    public virtual string Version => string.Empty;
}
