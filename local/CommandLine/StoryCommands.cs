using System.CommandLine;
using IRFunctions.Local.Demonstration;

namespace IRFunctions.Local.CommandLine;

/// <summary>`dotnet run --project local -- story trading-agent`: a worked example in virtual time, in memory, printed as a story.</summary>
internal static class StoryCommands
{
    public static Command Create()
    {
        var story = new Command("story", "Worked examples in virtual time. Nothing is kept.");
        var trading = new Command(
            "trading-agent",
            "A trading agent: a normal day, an exceeded limit, a stolen key at machine speed, recovery from a snapshot, slow poisoning."
        );
        trading.SetAction(
            async (_, _) =>
            {
                await using var told = await TradingAgentStory.OpenAsync(
                    Path.Combine(AppContext.BaseDirectory, "policies"),
                    Path.Combine(AppContext.BaseDirectory, "samples"),
                    Console.WriteLine
                );
                await told.TellAsync();
                return 0;
            }
        );
        story.Subcommands.Add(trading);
        return story;
    }
}
