using System.Globalization;
using DurableTask.Core.Exceptions;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>
/// The bare engine as a program of its own, to be killed: `dotnet IRFunctions.Tests.dll victim STORE EFFECTS MOST`. It writes one line to
/// its output for each step and activity, and "done" when all orchestrations have ended; after MOST lines it stands still. Started again it
/// goes on.
/// </summary>
public static class KillVictim
{
    public const string Word = "victim";
    public const string Done = "done";

    /// <summary>Orchestrations; each calls nine activities, one of them in a child.</summary>
    public const int Instances = 30;

    public static readonly EntityInstanceId Tally = new("counter", "tally");

    private static readonly ManualResetEventSlim Never = new();
    private static readonly Lock Appending = new();
    private static readonly string[] Statuses = Enum.GetNames<OrchestrationRuntimeStatus>();

    /// <summary>The entry point of the test assembly; the test host does not use it.</summary>
    public static async Task<int> Main(string[] args)
    {
        if (args is not [Word, var store, var effects, var most])
            return 2;
        var left = long.Parse(most, CultureInfo.InvariantCulture);
        await using var kept = new SqliteStore(store);
        await using var engine = new DurableEngine(
            kept,
            TimeProvider.System,
            null,
            new EngineOptions { AtCrashPoint = p => Say(p.Moment, ref left) }
        );
        engine.Use(tasks => Register(tasks, effects));
        await engine.StartAsync();
        for (var i = 0; i < Instances; i++)
            await StartAsync(engine.Client, $"i{i}", i);
        for (var i = 0; i < Instances; i++)
            await engine.Client.WaitForInstanceCompletionAsync($"i{i}");
        await Console.Out.WriteLineAsync(Done);
        return 0;
    }

    /// <summary>What an orchestration with this input returns.</summary>
    public static int Expected(int input) => Enumerable.Range(0, 9).Sum(n => input * 10 + n);

    private static void Say(CrashMoment moment, ref long left)
    {
        if (Interlocked.Decrement(ref left) < 0)
            Never.Wait(); // It is killed here.
        Console.Out.WriteLine(moment);
    }

    private static async Task StartAsync(DurableTaskClient client, string id, int input)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                "works",
                (object?)input,
                new StartOrchestrationOptions(id) { DedupeStatuses = Statuses }
            );
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // From before the kill.
        }
    }

    private static void Register(DurableTaskRegistry tasks, string effects) =>
        tasks
            .AddEntity("counter", _ => new Counter())
            .AddActivityFunc<int, Effect>(
                "effect",
                (context, input) =>
                {
                    var effect = new Effect(context.InstanceId, input, Guid.NewGuid());
                    // One write at the end of the file: whole or not at all, and safe from a kill once it returned.
                    lock (Appending)
                        File.AppendAllText(effects, $"{effect}\n");
                    return effect;
                }
            )
            .AddOrchestratorFunc<int, int>("child", async (c, input) => (await c.CallActivityAsync<Effect>("effect", input)).Input)
            .AddOrchestratorFunc<int, int>(
                "works",
                async (c, input) =>
                {
                    var sum = 0;
                    for (var n = 0; n < 3; n++)
                        sum += (await c.CallActivityAsync<Effect>("effect", input * 10 + n)).Input;
                    await c.CreateTimer(TimeSpan.FromMilliseconds(5), CancellationToken.None);
                    var more = await Task.WhenAll(
                        Enumerable.Range(3, 5).Select(n => c.CallActivityAsync<Effect>("effect", input * 10 + n))
                    );
                    await using (await c.Entities.LockEntitiesAsync(Tally))
                        await c.Entities.CallEntityAsync(Tally, "add", 1);
                    return sum
                        + more.Sum(e => e.Input)
                        + await c.CallSubOrchestratorAsync<int>(
                            "child",
                            input * 10 + 8,
                            new SubOrchestrationOptions(instanceId: $"{c.InstanceId}-child")
                        );
                }
            );

    /// <summary>What one run of the activity did; another run of the same call has another token.</summary>
    public sealed record Effect(string Instance, int Input, Guid Token)
    {
        public static Effect Parse(string line) =>
            line.Split(' ') is [var instance, var input, var token]
                ? new Effect(instance, int.Parse(input, CultureInfo.InvariantCulture), Guid.Parse(token))
                : throw new FormatException(line);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Instance} {Input} {Token}");
    }
}
