using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>Showing something on cards from an orchestration. Cards are for people's eyes: what fails here stops nothing.</summary>
internal static class Show
{
    public static async Task OnCardsAsync(TaskOrchestrationContext context, string activity, object news)
    {
        try
        {
            await context.CallActivityAsync(activity, news, Patience.ForAsking);
        }
        catch (TaskFailedException)
        {
            // The record has it, and whoever opens the card hears how it stands.
        }
    }
}
