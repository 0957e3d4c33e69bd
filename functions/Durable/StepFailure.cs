using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Durable;

/// <summary>Why a step failed, in words; what fails in the host rather than in our code comes without details.</summary>
internal static class StepFailure
{
    /// <summary>What Durable Task says where there are none.</summary>
    private const string Unknown = "(unknown)";

    /// <summary>Whether a step failed for good, rather than our own code.</summary>
    public static bool Is(Exception e) => e is TaskFailedException or EntityOperationFailedException;

    public static string Of(TaskFailedException failure) =>
        failure.FailureDetails.ErrorMessage is { Length: > 0 } message and not Unknown ? message : NoReason(failure.TaskName);

    /// <summary>The whole message of a failed step, with the remedy where it gives no reason.</summary>
    public static string Message(Exception failure) =>
        failure is TaskFailedException { FailureDetails.ErrorMessage: null or "" or Unknown } step
            ? NoReason(step.TaskName)
            : failure.Message;

    public static string NoReason(string what) => $"{what} failed and the engine gave no reason; look at the host's log for it";
}
