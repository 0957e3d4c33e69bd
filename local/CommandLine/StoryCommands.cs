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
        Add("stolen-principal", "A service principal whose stolen key is used from another country.", s => s.StolenPrincipalAsync());
        Add(
            "shared-account",
            "An account that several people use, by the look of its sign-ins: two people decide.",
            s => s.SharedAccountAsync()
        );
        Add("leaked-key", "An agent whose key secret scanning found in public.", s => s.LeakedKeyAsync());
        Add("own-disable", "Our own disable sets off a monitoring alert, which is told so.", s => s.OwnDisableAsync());
        return story;

        void Add(string name, string what, Func<IncidentStories, Task> tell)
        {
            var command = new Command(name, what);
            command.SetAction(
                async (_, _) =>
                {
                    await using var told = await IncidentStories.OpenAsync(
                        Path.Combine(AppContext.BaseDirectory, "policies"),
                        Path.Combine(AppContext.BaseDirectory, "samples"),
                        Console.WriteLine
                    );
                    await tell(told);
                    return 0;
                }
            );
            story.Subcommands.Add(command);
        }
    }
}
