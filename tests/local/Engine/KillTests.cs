using System.Diagnostics;
using System.Text.Json;
using DurableTask.Core.History;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Histories;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Tests.RealProgram;
using Microsoft.DurableTask.Client;
using Effect = IRFunctions.Tests.Engine.KillVictim.Effect;

namespace IRFunctions.Tests.Engine;

/// <summary>
/// A process with nothing but the engine and its SQLite store, killed with SIGKILL again and again. After how many of its steps is drawn
/// from a seed; where exactly it then stands, in the middle of a transaction or of an activity, the kernel decides.
/// </summary>
public sealed class KillTests
{
    private const int Kills = 12;
    private const int MostSteps = 60;

    /// <summary>
    /// So many more the victim may do until it is killed, so that the kill finds it at work; then it stands still. Otherwise one that runs
    /// faster than its killer reads would come to its end before it was killed often enough.
    /// </summary>
    private const int Ahead = 10;

    /// <summary>
    /// Only against a victim that hangs: each begins with a start of .NET, which takes a minute on a machine that is busy enough.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Killed_at_random_moments_each_orchestration_ends_once_and_each_effect_happens_and_is_recorded_once(int seed)
    {
        using var folder = new TempFolder();
        var (store, effects) = (Path.Combine(folder.Path, "durable.db"), Path.Combine(folder.Path, "effects.txt"));
        var random = new Random(seed);
        var killed = 0;
        while (killed < Kills && !await RunAsync(store, effects, random.Next(1, MostSteps)))
            killed++;
        Assert.Equal(Kills, killed);
        Assert.True(await RunAsync(store, effects, int.MaxValue));
        await CheckAsync(store, [.. (await File.ReadAllLinesAsync(effects)).Select(Effect.Parse)]);
    }

    /// <summary>Runs the victim until it has said so many lines, and kills it, or to its end. True where it came to its end.</summary>
    private static async Task<bool> RunAsync(string store, string effects, int steps)
    {
        using var limit = new CancellationTokenSource(Patience);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(KillTests).Assembly.Location, KillVictim.Word, store, effects, $"{(long)steps + Ahead}"])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            while (steps-- > 0)
            {
                var line =
                    await process.StandardOutput.ReadLineAsync(limit.Token)
                    ?? throw new InvalidOperationException($"The victim ended: {await errors}");
                if (line != KillVictim.Done)
                    continue;
                await process.WaitForExitAsync(limit.Token);
                Assert.Equal(0, process.ExitCode);
                return true;
            }

            return false;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(); // SIGKILL
            await process.WaitForExitAsync();
        }
    }

    private static async Task CheckAsync(string path, Effect[] effects)
    {
        await using var store = new SqliteStore(path);
        await using var engine = new DurableEngine(store, TimeProvider.System);
        Assert.Empty(store.LoadWork().Messages);
        Assert.Equal(KillVictim.Instances, (await engine.Client.Entities.GetEntityAsync<int>(KillVictim.Tally))!.State);
        Assert.Null((await engine.Client.Entities.GetEntityAsync<int>(KillVictim.Tally))!.LockedBy);
        var recorded = new List<Effect>();
        for (var i = 0; i < KillVictim.Instances; i++)
        {
            var ended = (await engine.Client.GetInstanceAsync($"i{i}", getInputsAndOutputs: true))!;
            Assert.Equal((OrchestrationRuntimeStatus.Completed, KillVictim.Expected(i)), (ended.RuntimeStatus, ended.ReadOutputAs<int>()));
            var own = CheckHistory(store, $"i{i}", activities: 8, children: 1);
            recorded.AddRange(own);
            recorded.AddRange(CheckHistory(store, $"i{i}-child", activities: 1, children: 0));
        }

        // Every recorded result is what some run of the activity did: none was made up, none stands for another call.
        var happened = effects.ToHashSet();
        Assert.Equal(9 * KillVictim.Instances, recorded.Distinct().Count());
        Assert.All(recorded, effect => Assert.Contains(effect, happened));
        Assert.Equal(9 * KillVictim.Instances, effects.Select(e => e.Input).Distinct().Count());
    }

    private static IEnumerable<Effect> CheckHistory(SqliteStore store, string id, int activities, int children)
    {
        var history = HistoryJson.Decode(store.ReadHistory(store.Read(id)!.Execution));
        Assert.Single(history.OfType<ExecutionStartedEvent>());
        Assert.Single(history.OfType<ExecutionCompletedEvent>());
        Assert.Empty(history.OfType<TaskFailedEvent>());
        Assert.Equal(history.OfType<TimerCreatedEvent>().Select(t => t.EventId), history.OfType<TimerFiredEvent>().Select(t => t.TimerId));
        var completed = history.OfType<TaskCompletedEvent>().ToArray();
        Assert.Equal(history.OfType<TaskScheduledEvent>().Select(t => t.EventId), completed.Select(t => t.TaskScheduledId).Order());
        Assert.Equal((activities, children), (completed.Length, history.OfType<SubOrchestrationInstanceCompletedEvent>().Count()));
        return completed.Select(t => JsonSerializer.Deserialize<Effect>(t.Result, Json)!);
    }
}
