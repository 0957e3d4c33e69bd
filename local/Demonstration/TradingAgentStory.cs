using System.Text;
using IRFunctions.Agents;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Time;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>
/// `story trading-agent`: five days of a trading agent in virtual time, told in plain words, every figure read from the pipeline as it
/// happens. Also run as a test, which compares what was told.
/// </summary>
internal sealed class TradingAgentStory : IAsyncDisposable
{
    private const string Person = "00000000-0000-4000-8000-0000000000b1";
    private readonly LocalMachine machine;
    private readonly VirtualTimeProvider time;
    private readonly TradingAgent agent;
    private readonly Action<string> tell;

    private TradingAgentStory(LocalMachine machine, VirtualTimeProvider time, TradingLimits limits, Action<string> tell)
    {
        (this.machine, this.time, this.tell) = (machine, time, tell);
        agent = new TradingAgent(machine, time, limits);
        Limits = limits;
    }

    private TradingLimits Limits { get; }

    public TradingAgent Agent => agent;

    public static async Task<TradingAgentStory> OpenAsync(string policies, string samples, Action<string> tell)
    {
        var time = new VirtualTimeProvider(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
        var machine = await LocalMachine.CreateAsync(new MachineOptions { Time = time, PolicyFolder = policies });
        return new TradingAgentStory(machine, time, TradingLimits.Read(Path.Combine(samples, "trading-agent", "limits.yaml")), tell);
    }

    public async Task TellAsync()
    {
        await NormalDayAsync();
        await ExceededLimitAsync();
        await StolenKeyAsync();
        await RecoveryAsync();
        await SlowPoisoningAsync();
    }

    private void Chapter(string title) => tell($"\n{time.GetUtcNow():ddd HH:mm}  {title}");

    private void Say(string text) => tell($"{time.GetUtcNow():ddd HH:mm:ss}  {text}");

    public async Task NormalDayAsync()
    {
        Chapter("A normal day");
        for (var i = 0; i < 40; i++)
            await agent.MinuteAsync();
        var state = await agent.StateAsync();
        Say(
            $"40 minutes of work: {agent.Calls.Passed} calls passed, {agent.Calls.Denied} denied. The breaker is {state.Status}, "
                + $"{state.Score.InWords}."
        );
        Say(
            $"Learnt as usual: {state.Baseline.Mean!.Requests:0} requests and {state.Baseline.Mean.Bytes / 1024:0} KB a minute on "
                + $"{state.Baseline.UsualEndpoints.Count} endpoints."
        );
        var snapshot = await agent.SnapshotAsync("""{"positions":{"CONTOSO":120},"strategy":"hedge"}""");
        Say($"The agent handed in its state: snapshot {snapshot.Version}, {snapshot.Size} bytes, sha256 {snapshot.Sha256[..12]}.");
        await agent.MinuteAsync(150);
        state = await agent.StateAsync();
        Say(
            $"A batch at two and a half times the volume: still {state.Status}. "
                + $"{state.Score.Contributions.Single(c => c.Metric == "volume").Reason}."
        );
    }

    public async Task ExceededLimitAsync()
    {
        Chapter("An exceeded limit");
        var refused = await agent.TradeAsync(Limits.PerTrade + 500);
        Say($"A trade of {Limits.PerTrade + 500:N0}: refused by {refused}.");
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await agent.TradeAsync(Limits.PerTrade + 500);
        }
        await agent.ReportAsync();
        var state = await agent.StateAsync();
        Say(
            $"It tried {agent.Calls.OverLimit} times. {state.Score.InWords}. That is a reason to look, not to stop: the breaker is "
                + $"{state.Status}."
        );
        await agent.PassAsync(TimeSpan.FromMinutes(2));
        for (var i = 0; i < 3; i++)
            await agent.MinuteAsync();
    }

    public async Task StolenKeyAsync()
    {
        Chapter("A stolen key, at machine speed");
        var (start, requests, reason) = (time.GetUtcNow(), 0, default(string));
        while (reason is null)
        {
            requests++;
            reason = await agent.CallAsync($"GET /accounts/{requests % 12}/export", 1_200_000, $"drop-{requests % 9}.example");
            time.Advance(TimeSpan.FromSeconds(1) / 5_000);
        }
        Say(
            $"5,000 requests a second with the agent's key. Denied after {requests} requests and "
                + $"{(time.GetUtcNow() - start).TotalMilliseconds:0.0} ms by {reason}."
        );
        await agent.ReportAsync();
        // The thief tries another way in, at a pace below the reflex, past a gateway that does not ask.
        time.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 8; i++)
            await agent.TradeAsync(Limits.PerTrade * 50);
        await agent.ReportAsync();
        await agent.PassAsync(TimeSpan.FromSeconds(5));
        var state = await agent.StateAsync();
        Say($"The batch of activity arrived: {state.Score.InWords}. The breaker is {state.Status} until {state.Until:HH:mm:ss}.");
        Say(
            $"Quarantine, in the policy's order: evidence {await agent.AspectAsync("evidence")}, session "
                + $"{await agent.AspectAsync("session")}, ephemeral credentials {await agent.AspectAsync("credentials")}, service "
                + $"discovery {await agent.AspectAsync("discovery")}; network isolation waits for a person."
        );
        Say($"The gate now says: {await agent.CallAsync("GET /quotes")}");
    }

    public async Task RecoveryAsync()
    {
        Chapter("Recovery from a snapshot");
        await machine
            .Services.GetRequiredService<AgentSnapshots>()
            .KeepAsync("risk-agent", Encoding.UTF8.GetBytes("newer"), [], CancellationToken.None);
        await agent.PassAsync(TimeSpan.FromMinutes(5));
        var points = await machine
            .Services.GetRequiredService<AgentSnapshots>()
            .RecoveryPointsAsync(TradingAgent.Identity, CancellationToken.None);
        foreach (var point in points)
            Say(
                $"Recovery point {point.Snapshot.Version}: {point.Age.TotalMinutes:0} minutes old, "
                    + $"{(point.Verified ? "verified" : point.Problem)}."
            );
        var restored = await agent.RestoreAsync(points[0].Snapshot.Version, Person, "the key is replaced");
        var moved = restored.Warnings.Count == 0 ? "Nothing it depends on moved on" : $"Warning: {string.Join("; ", restored.Warnings)}";
        Say($"Alex Analyst went back to it: {restored.Content.Length} bytes, verified. {moved}.");
        await agent.PassAsync(TimeSpan.FromSeconds(5));
        var state = await agent.StateAsync();
        Say(
            $"The breaker is {state.Status}: safe requests pass "
                + $"({(await agent.CallAsync("GET /quotes") is null ? "GET /quotes did" : "not even GET /quotes did")}), others do "
                + $"not ({await agent.CallAsync("GET /accounts/1/export")})."
        );
        for (var i = 0; i < 11; i++)
            await agent.MinuteAsync(40);
        await agent.PassAsync(TimeSpan.FromMinutes(1));
        state = await agent.StateAsync();
        Say(
            $"Eleven quiet minutes later it is {state.Status}: {state.History[^1].Reason}. Session "
                + $"{await agent.AspectAsync("session")}, service discovery {await agent.AspectAsync("discovery")}."
        );
    }

    public async Task SlowPoisoningAsync()
    {
        Chapter("Slow poisoning");
        var anchor = (await agent.StateAsync()).Baseline.Anchor!.Bytes;
        var bytes = 36_000L;
        for (var day = 0; day < 10; day++)
        {
            bytes = (long)(bytes * 1.25);
            for (var i = 0; i < 6; i++)
                await agent.MinuteAsync(60, bytes, i == 3 ? $"GET /export-{day}" : null);
            await agent.PassAsync(TimeSpan.FromHours(23) + TimeSpan.FromMinutes(50));
        }
        var state = await agent.StateAsync();
        Say(
            $"Ten days of a quarter more data each day, and a new endpoint a day. What it takes for usual moved from "
                + $"{anchor / 1024:0} KB to {state.Baseline.Mean!.Bytes / 1024:0} KB a minute "
                + $"({state.Baseline.Mean.Bytes / anchor:0.00} times; 1.50 is the most), with {state.Baseline.UsualEndpoints.Count} "
                + $"usual endpoints."
        );
        for (var i = 0; i < 60; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await agent.CallAsync(i % 2 == 0 ? $"GET /export-{i % 24}" : "GET /quotes", bytes * 4, $"drop-{i % 12}.example");
            if (i % 8 == 0)
                await agent.TradeAsync(Limits.PerTrade * 2);
        }
        await agent.ReportAsync();
        await agent.PassAsync(TimeSpan.FromSeconds(5));
        state = await agent.StateAsync();
        Say($"On the day of the theft the score is all the same: {state.History[^1].Reason}. The breaker is {state.Status}.");
        await TellEvidenceAsync();
        var record = await machine.Audit.ReadAsync(BreakerKinds.ChainOf(TradingAgent.Identity));
        tell($"\nOn the record of {TradingAgent.Identity}:");
        foreach (var entry in record)
            tell($"{entry.At:ddd HH:mm:ss}  {entry.Kind.PadRight(22)} {Shortened(entry.Text)}");
    }

    /// <summary>
    /// Its orders are interactions with the risk agent: whole while hot and where it was risky, a share of the rest, and an estimate that
    /// says so.
    /// </summary>
    private async Task TellEvidenceAsync()
    {
        var reading = await agent.EvidenceAsync(time.GetUtcNow().AddDays(-11));
        var quiet = reading.Windows.Where(w => w.Share < 1).ToList();
        var edge = reading.Edges.Single(e => e.Other == TradingAgent.RiskAgent);
        Say(
            $"Evidence of eleven days: it called {edge.Other} {reading.Windows.Sum(w => w.Seen)} times. The quiet hours beyond a day "
                + $"are kept by a share of {quiet.Min(w => w.Share)} ({quiet.Sum(w => w.Kept)} of {quiet.Sum(w => w.Seen)} calls), "
                + $"from which the whole is estimated at {edge.Estimated:0};"
        );
        Say(
            $"of the hour of the stolen key everything is kept ({reading.Windows[0].Kept} of {reading.Windows[0].Seen} calls), and "
                + $"of all days every one of the {reading.Edges.Sum(e => e.Violations)} violations: "
                + $"{string.Join(", ", reading.Edges.Where(e => e.IsRule).Select(e => $"{e.Kept} by the {e.Other}"))}."
        );
    }

    private static string Shortened(string text) => text.Length <= 150 ? text : text[..149] + "…";

    public ValueTask DisposeAsync() => machine.DisposeAsync();
}
