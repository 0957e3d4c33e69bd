using IRFunctions.Approvals;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>Showing something on cards from an orchestration. Cards are for people's eyes: what fails here stops nothing.</summary>
internal static class BestEffort
{
    /// <summary>A state and numbers only: the host fails the instance where custom status is larger than 16 KB, and no orchestrator can catch that.</summary>
    public static void State(TaskOrchestrationContext context, ApprovalView view) => context.SetCustomStatus(new ApprovalStatus(view.State, view.Attempt, view.Stage));

    public static async Task OnCardsAsync(TaskOrchestrationContext context, string activity, object news)
    {
        try
        {
            await context.CallActivityAsync(activity, news, RetryPolicies.ForAsking);
        }
        catch (TaskFailedException)
        {
            // The record has it, and whoever opens the card hears how it stands.
        }
    }
}

/// <summary>Why a step failed, in words; what fails in the host rather than in our code comes without details.</summary>
internal static class StepFailure
{
    /// <summary>What Durable Task says where there are none.</summary>
    private const string Unknown = "(unknown)";

    public static string Of(TaskFailedException failure) => failure.FailureDetails.ErrorMessage is { Length: > 0 } message and not Unknown ? message : NoReason(failure.TaskName);

    /// <summary>The whole message of a failed step, with the remedy where it gives no reason.</summary>
    public static string Message(Exception failure) => failure is TaskFailedException { FailureDetails.ErrorMessage: null or "" or Unknown } step ? NoReason(step.TaskName) : failure.Message;

    public static string NoReason(string what) => $"{what} failed and the engine gave no reason; look at the host's log for it";
}
