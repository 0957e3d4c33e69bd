using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Running;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Simulator;

/// <summary>The simulator itself.</summary>
public sealed class SimulationTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(18)]
    [InlineData(30)]
    public async Task The_same_seed_gives_the_same_run_byte_for_byte(long seed)
    {
        var story = StoryTeller.Tell(seed);
        var first = await Simulation.RunAsync(story);
        var second = await Simulation.RunAsync(StoryTeller.Tell(seed));
        Assert.Equal(story.Items.Select(i => i.ToString()), second.Story.Items.Select(i => i.ToString()));
        Assert.Equal(first.Trace, second.Trace);
        Assert.Equal(first.Violations, second.Violations);
    }

    [Fact]
    public async Task A_story_without_faults_ends_with_the_tenant_as_it_was_and_nothing_broken()
    {
        var draft = new AlertDraft
        {
            Template = Template.GraphAlert,
            Mark = 1,
            AlertId = "alert-1",
            IncidentId = "incident-1",
            Severity = "high",
            Things = [new Named(NamedKind.Account, Cast.Users[0].Id, Cast.Users[0].Upn)],
            Advice = [new Advice("disable_user_account_temporarily", 0, 95)],
        };
        var result = await Simulation.RunAsync(
            new Story(
                1,
                new StoryOptions(),
                TimeSpan.FromHours(4),
                [new AlertItem(1, TimeSpan.Zero, draft), new PersonItem(2, TimeSpan.FromMinutes(2), "Alex", PersonVerb.Approve, 0, 0, 1)]
            )
        );
        Assert.Empty(result.Violations);
        Assert.InRange(result.Effects, 2, 20);
        Assert.Contains(
            "verified (pipeline): read back: disable_user_account_temporarily is in effect",
            result.Trace,
            StringComparison.Ordinal
        );
        Assert.Contains("undone (pipeline)", result.Trace, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_and_left_out_items_do_not_move_other_items()
    {
        var whole = StoryTeller.Tell(7);
        var fewer = StoryTeller.Tell(7, new StoryOptions(Faults: StoryOptions.Kinds.Except(["crash", "twice"]).ToHashSet()));
        Assert.DoesNotContain(fewer.Items, i => i is CrashItem or TwiceItem);
        Assert.Equal(Untimed(whole.Items.Where(i => i is not (CrashItem or TwiceItem))), Untimed(fewer.Items));
        int[] kept = [whole.Items[0].Number, whole.Items[^1].Number];
        Assert.Equal(kept, whole.Keep(kept).Items.Select(i => i.Number));
    }

    /// <summary>Everything but the numbers, which count what is there.</summary>
    private static IEnumerable<string> Untimed(IEnumerable<StoryItem> items) => items.Select(i => $"{i.At} {i.Words}");

    [Fact]
    public void Every_variant_of_the_policy_is_what_it_says()
    {
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            var reading = PolicyLoader.Load(
                PolicyVariants.Of(variant),
                Policies.Shipped.Catalogue,
                new DateTimeOffset(2026, 11, 23, 3, 0, 0, default)
            );
            Assert.Equal(variant != PolicyVariant.Broken, reading.Ok);
        }
    }

    [Fact]
    public async Task A_violation_is_reduced_to_its_shortest_story_which_its_command_repeats()
    {
        var story = StoryTeller.Tell(4);
        var (alert, answer) = (story.Items.OfType<AlertItem>().First(), story.Items.OfType<PersonItem>().Last());
        var (shortest, runs) = await Shrinker.ShrinkAsync(story, "S3.not-approved", PlayAsync);
        Assert.InRange(runs, 1, 400);
        Assert.Equal([alert.Number, answer.Number], shortest.Items.Select(i => i.Number));
        Assert.Equal(
            $"dotnet run --project local -- simulate --seed 4 --keep {alert.Number},{answer.Number}",
            shortest.Command(whole: false)
        );

        // Broken where both are told, whatever else is.
        Task<IReadOnlyList<Violation>> PlayAsync(Story told) =>
            Task.FromResult<IReadOnlyList<Violation>>(
                told.Items.Contains(alert) && told.Items.Contains(answer)
                    ? [new Violation("S3", "not-approved", SimulatedWorld.Beginning + answer.At, 1, "it ran")]
                    : []
            );
    }

    [Fact]
    public void Streams_of_random_numbers_are_the_same_for_ever_and_independent_of_each_other()
    {
        var random = new SeededRandom(42, "alerts");
        Assert.Equal(new SeededRandom(42, "alerts").Next(), random.Next());
        Assert.NotEqual(new SeededRandom(42, "people").Next(), new SeededRandom(42, "alerts").Next());
        Assert.NotEqual(new SeededRandom(43, "alerts").Next(), new SeededRandom(42, "alerts").Next());
        var counts = new int[10];
        for (var i = 0; i < 10_000; i++)
            counts[random.Next(10)]++;
        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }

    [Theory]
    [InlineData(null, 1, 1)]
    [InlineData("2/8", 2, 8)]
    public void A_shard_is_a_part_of_the_seeds(string? text, int part, int of) => Assert.Equal((part, of), ManySeeds.ParseShard(text));

    [Theory]
    [InlineData("0/8")]
    [InlineData("9/8")]
    [InlineData("x")]
    public void What_is_no_shard_is_refused(string text) => Assert.Throws<FormatException>(() => ManySeeds.ParseShard(text));

    [Fact]
    public async Task A_run_in_shards_goes_on_where_it_stopped_and_sums_up_to_the_whole()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"irf-shards-{Guid.NewGuid():N}");
        System.IO.Directory.CreateDirectory(folder);
        try
        {
            var file = Path.Combine(folder, "summary.json");
            var options = new StoryOptions(Alerts: 0, Hours: 0.1, Faults: new HashSet<string>());
            using var nowhere = new StringWriter();
            foreach (var shard in ((int, int)[])[(1, 2), (2, 2), (1, 2)])
                Assert.Equal(
                    0,
                    await new ManySeeds(options, new HashSet<string>(), nowhere) { Summary = file, Shard = shard }.RunAsync(
                        1,
                        4,
                        1,
                        default
                    )
                );
            Assert.Contains("\"seeds\": 4", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A checker that shared code with what it judges would share its mistakes.</summary>
    [Fact]
    public void The_checker_knows_nothing_of_the_product()
    {
        var product = new[] { typeof(Pipeline).Assembly, typeof(Policy).Assembly, typeof(IRFunctions.Record.AuditEntry).Assembly };
        var used = NetArchTest
            .Rules.Types.InAssembly(typeof(Checker).Assembly)
            .That()
            .ResideInNamespace(typeof(Checker).Namespace!)
            .ShouldNot()
            .HaveDependencyOnAny([
                .. product
                    .SelectMany(a => a.GetTypes())
                    .Select(t => t.Namespace)
                    .OfType<string>()
                    .Where(n =>
                        n.StartsWith("IRFunctions.", StringComparison.Ordinal)
                        && !n.StartsWith("IRFunctions.Local", StringComparison.Ordinal)
                    )
                    .Distinct(),
            ])
            .GetResult();
        Assert.True(used.IsSuccessful, string.Join(", ", (used.FailingTypes ?? []).Select(t => t.FullName)));
    }
}
