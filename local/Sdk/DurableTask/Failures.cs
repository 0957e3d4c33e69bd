namespace Microsoft.DurableTask;

/// <summary>What is kept of an exception once it crosses a durable boundary.</summary>
/// <param name="ErrorType">Full name of the exception's type.</param>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties)
{
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception.InnerException is { } cause ? FromException(cause) : null;
        return new TaskFailureDetails(exception.GetType().ToString(), exception.Message, exception.StackTrace, inner, null);
    }

    /// <summary>Whether the failure was an exception of this type or one derived from it; false where the type cannot be found.</summary>
    public bool IsCausedBy<T>()
        where T : Exception => IsCausedBy(typeof(T));

    /// <inheritdoc cref="IsCausedBy{T}"/>
    /// <exception cref="ArgumentException">The type is no exception.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"{targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        if (string.IsNullOrEmpty(ErrorType)) return false;
        var type = Type.GetType(ErrorType, throwOnError: false)
            ?? targetBaseExceptionType.Assembly.GetType(ErrorType, throwOnError: false)
            ?? AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetType(ErrorType, throwOnError: false)).FirstOrDefault(t => t is not null);
        return targetBaseExceptionType.IsAssignableFrom(type);
    }

    public override string ToString() => $"{ErrorType}: {ErrorMessage}";
}

/// <summary>A durable task (activity or sub-orchestration) failed.</summary>
public sealed class TaskFailedException : Exception
{
    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(MessageOf(taskName, taskId, innerException?.Message), innerException)
    {
        ArgumentNullException.ThrowIfNull(innerException);
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = TaskFailureDetails.FromException(innerException);
    }

    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(MessageOf(taskName, taskId, failureDetails?.ErrorMessage))
    {
        ArgumentNullException.ThrowIfNull(failureDetails);
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails;
    }

    public string TaskName { get; }

    public int TaskId { get; }

    public TaskFailureDetails FailureDetails { get; }

    private static string MessageOf(string taskName, int taskId, string? cause) =>
        $"Task '{taskName}' (#{taskId}) failed with an unhandled exception{(cause is null ? "." : ": " + cause)}";
}
