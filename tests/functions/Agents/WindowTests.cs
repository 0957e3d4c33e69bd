using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Agents;

namespace IRFunctions.Tests.Agents;

/// <summary>Late, duplicate and reordered activity.</summary>
public sealed class WindowTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 3, 10, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void The_same_events_in_any_order_give_the_same_window() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(200),
            Prop.ForAll(
                Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var events = Enumerable
                        .Range(0, 60)
                        .Select(i => new ActivityEvent(
                            Now - TimeSpan.FromSeconds(random.Next(59)),
                            $"e{random.Next(4)}",
                            $"tool{random.Next(3)}",
                            $"t{random.Next(5)}",
                            random.Next(1_000),
                            random.Next(9) == 0 ? Authentication.Failed : Authentication.Ok,
                            random.Next(100),
                            $"c{random.Next(3)}"
                        ))
                        .ToList();
                    var shuffled = events.ToArray();
                    random.Shuffle(shuffled);
                    Assert.Equal(Told(events), Told(shuffled));
                }
            )
        );

    [Fact]
    public void What_is_older_than_window_and_lateness_does_not_count_and_a_clock_ahead_counts_as_now()
    {
        var window = new ActivityWindow();
        Assert.True(window.Add(new ActivityEvent(Now.AddHours(5), "e"), Now, Minute, Minute / 2));
        Assert.Equal(Now, window.Newest);
        Assert.True(window.Add(new ActivityEvent(Now - TimeSpan.FromSeconds(89), "e"), Now, Minute, Minute / 2));
        Assert.False(window.Add(new ActivityEvent(Now - TimeSpan.FromSeconds(91), "e"), Now, Minute, Minute / 2));
        Assert.Equal(1, window.Current(Minute).Requests); // The late one is in its own minute, which the baseline may still learn from.
    }

    [Fact]
    public void The_window_stays_small_whatever_an_attacker_calls()
    {
        var window = new ActivityWindow();
        for (var i = 0; i < 50_000; i++)
            window.Add(
                new ActivityEvent(
                    Now - TimeSpan.FromMilliseconds(i),
                    new string('x', 150) + i,
                    $"tool{i}",
                    $"target{i}",
                    1,
                    CorrelationId: $"c{i}"
                ),
                Now,
                Minute,
                Minute / 2
            );
        window.Forget(Now - 3 * Minute);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(window).Length, 1, 500_000);
        Assert.Equal(50_000, window.Totals(Now - Minute, Now + Minute).Requests);
    }

    [Fact]
    public void A_senders_batch_counts_once_in_whatever_order_and_a_gap_may_still_be_filled()
    {
        var senders = new Dictionary<string, SenderWindow>();
        Assert.Equal(BatchArrival.New, Take(5));
        Assert.Equal(BatchArrival.New, Take(9));
        Assert.Equal(BatchArrival.New, Take(7));
        Assert.Equal(BatchArrival.Duplicate, Take(7));
        Assert.Equal(BatchArrival.Duplicate, Take(5));
        Assert.Equal(BatchArrival.New, Take(6));
        Assert.Equal(BatchArrival.New, Take(200));
        Assert.Equal(BatchArrival.Duplicate, Take(9));

        BatchArrival Take(long sequence) => SenderWindow.Take(senders, "gateway-1", sequence, 4, default);
    }

    [Fact]
    public void A_number_far_away_silences_nobody_and_a_sender_that_begins_anew_is_taken_up_with_its_second_batch()
    {
        var senders = new Dictionary<string, SenderWindow>();
        Assert.Equal(BatchArrival.New, Take(5));
        Assert.Equal(BatchArrival.Odd, Take(9_000_000_000_000)); // forged
        Assert.Equal(BatchArrival.New, Take(6)); // the sender that is meant goes on
        Assert.Equal(BatchArrival.Duplicate, Take(6));
        for (var number = 7; number < 400; number++)
            Assert.Equal(BatchArrival.New, Take(number));
        Assert.Equal(BatchArrival.Odd, Take(1)); // it began anew
        Assert.Equal(BatchArrival.New, Take(2));
        Assert.Equal(BatchArrival.New, Take(3));

        BatchArrival Take(long sequence) => SenderWindow.Take(senders, "gateway-1", sequence, 4, default);
    }

    [Fact]
    public void Only_so_many_senders_are_remembered_and_those_that_are_stay_until_they_are_silent()
    {
        var (senders, now) = (new Dictionary<string, SenderWindow>(), new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));
        Assert.Equal(BatchArrival.New, SenderWindow.Take(senders, "gateway-1", 1, 32, now));
        for (var i = 0; i < 1_000; i++)
            Assert.NotEqual(BatchArrival.Duplicate, SenderWindow.Take(senders, $"junk-{i}", 1, 32, now));
        Assert.Equal(32, senders.Count);
        Assert.Equal(BatchArrival.Duplicate, SenderWindow.Take(senders, "gateway-1", 1, 32, now)); // not forgotten
        Assert.Equal(BatchArrival.New, SenderWindow.Take(senders, "gateway-2", 1, 32, now.AddHours(1)));
    }

    [Theory]
    [InlineData("""{}""", "identity")]
    [InlineData(
        """
            {"identity":"a b","identityType":"ai_agent","source":"g","sequence":1,
            "events":[{"time":"2026-11-23T03:00:00Z","endpoint":"x"}]}
            """,
        "identity"
    )]
    [InlineData(
        """{"identity":"a","identityType":"robot","source":"g","sequence":1,"events":[{"time":"2026-11-23T03:00:00Z","endpoint":"x"}]}""",
        "identityType"
    )]
    [InlineData(
        """
            {"identity":"a","identityType":"ai_agent","source":"g","sequence":0,
            "events":[{"time":"2026-11-23T03:00:00Z","endpoint":"x"}]}
            """,
        "sequence"
    )]
    [InlineData("""{"identity":"a","identityType":"ai_agent","source":"g","sequence":1,"events":[]}""", "events")]
    [InlineData(
        """
            {"identity":"a","identityType":"ai_agent","source":"g","sequence":1,
            "events":[{"time":"2026-11-23T03:00:00Z","endpoint":"x","bytes":-1}]}
            """,
        "bytes"
    )]
    [InlineData("""{"identity":"a","identityType":"ai_agent","source":"g","sequence":1,"events":[{"endpoint":"x"}]}""", "time")]
    [InlineData("""{"identity":"a","identityType":"person","source":"g","sequence":1,"events":[null]}""", "identityType")]
    [InlineData("""[1]""", "no activity batch")]
    [InlineData("""nonsense""", "no activity batch")]
    public void What_is_no_batch_is_refused_with_its_reason(string body, string problem) =>
        Assert.Contains(problem, ActivityReader.Read(System.Text.Encoding.UTF8.GetBytes(body)).Explanation, StringComparison.Ordinal);

    [Fact]
    public void A_batch_that_repeats_an_event_counts_it_once()
    {
        var body = """
            {"identity":"Agent-1","identityType":"ai_agent","source":"g","sequence":1,"events":[
            {"time":"2026-11-23T03:00:00Z","endpoint":"x","correlationId":"1"},
            {"time":"2026-11-23T03:00:00Z","endpoint":"x","correlationId":"1"},
            {"time":"2026-11-23T03:00:00Z","endpoint":"x"},{"time":"2026-11-23T03:00:00Z","endpoint":"x"}]}
            """;
        var batch = ActivityReader.Read(System.Text.Encoding.UTF8.GetBytes(body)).Batch!;
        Assert.Equal(("agent-1", 3), (batch.Identity, batch.Events.Count));
    }

    private static string Told(IEnumerable<ActivityEvent> events)
    {
        var window = new ActivityWindow();
        foreach (var e in events)
            Assert.True(window.Add(e, Now, Minute, Minute / 2));
        var totals = window.Current(Minute);
        return $"{totals.Requests} {totals.Failed} {totals.Bytes} {totals.LatencyVariance:0.000} {totals.Peak} {totals.LongestChain} "
            + $"{string.Join(',', totals.Endpoints.Order())} {string.Join(',', totals.Targets.Order())}";
    }
}
