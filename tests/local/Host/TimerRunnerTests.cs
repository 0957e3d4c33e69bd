using IRFunctions.Local.Host;
using IRFunctions.Local.Time;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

public sealed class TimerRunnerTests : IDisposable
{
    private readonly VirtualTimeProvider time = new();
    private readonly Calls calls = new();
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-timers-");

    public void Dispose() => folder.Delete(recursive: true);

    private TimerRunner Runner(bool remembering = false) =>
        new(
            FunctionCatalogTests.Served(),
            new ServiceCollection().AddSingleton(calls).BuildServiceProvider(),
            time,
            remembering ? Path.Combine(folder.FullName, "timers.json") : null
        );

    private string[] Ticks() => [.. calls.Where(c => c.StartsWith("tick", StringComparison.Ordinal))];

    [Fact]
    public async Task Stepped_it_runs_what_is_due_and_says_what_comes_next()
    {
        await using var runner = Runner();
        Assert.Equal(1, await runner.RunDueTimersAsync());
        Assert.Equal(["starting past due: False", "disposed"], calls);
        Assert.Equal(new DateTimeOffset(2026, 1, 5, 3, 5, 0, TimeSpan.Zero), runner.NextDue);
        time.AdvanceTo(runner.NextDue!.Value);
        Assert.Equal(1, await runner.RunDueTimersAsync());
        Assert.Equal(0, await runner.RunDueTimersAsync());
        Assert.Equal(["tick past due: False, next 03:10:00"], Ticks());
    }

    [Fact]
    public async Task Occurrences_missed_run_once_and_are_past_due()
    {
        await using var runner = Runner();
        await runner.RunDueTimersAsync();
        time.Advance(TimeSpan.FromMinutes(17));
        Assert.Equal(1, await runner.RunDueTimersAsync());
        Assert.Equal(["tick past due: True, next 03:20:00"], Ticks());
    }

    [Fact]
    public async Task A_run_missed_while_the_host_was_down_happens_at_its_start()
    {
        await using (var before = Runner(remembering: true))
        {
            time.Advance(TimeSpan.FromMinutes(5));
            await before.RunDueTimersAsync();
        }
        time.Advance(TimeSpan.FromMinutes(12));
        calls.Clear();
        await using var after = Runner(remembering: true);
        await after.RunDueTimersAsync();
        Assert.Equal(["tick past due: True, next 03:20:00"], Ticks());
    }

    [Fact]
    public async Task Started_it_follows_the_clock()
    {
        await using var runner = Runner();
        runner.Start();
        // The loop sets its timer when it has run what is due; the clock may move only then.
        while (time.NextDue is null)
            await Task.Yield();
        time.AdvanceTo(time.NextDue.Value);
        while (Ticks().Length == 0)
            await Task.Yield();
        Assert.Equal(["tick past due: False, next 03:10:00"], Ticks());
    }
}
