using Microsoft.DurableTask;

namespace IRFunctions.Durable;

/// <summary>Steps whose failure stops nothing, such as showing something on cards: cards are for people's eyes.</summary>
internal static class BestEffort
{
    public static async Task CallActivityAsync(TaskOrchestrationContext context, string activity, object input)
    {
        try
        {
            await context.CallActivityAsync(activity, input, RetryPolicies.ForAsking);
        }
        catch (TaskFailedException)
        {
            // The record has it, and whoever opens the card hears how it stands.
        }
    }
}
