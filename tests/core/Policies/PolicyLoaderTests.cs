using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class PolicyLoaderTests
{
    [Fact]
    public void All_files_broken_at_once_give_errors_for_each()
    {
        var errors = PolicyLoader
            .Load(
                [.. Shipped.Files.Select(file => file with { Text = file.Text + "\nunknown_key: 1\n" })],
                Shipped.Catalogue,
                Shipped.Today
            )
            .Errors;
        Assert.Equal(PolicyNames.All, errors.Select(error => error.File));
        Assert.All(errors, error => Assert.Equal(("unknown_key", 1), (error.Key, error.Column)));
    }

    [Fact]
    public void No_files_at_all_are_nine_missing_files() =>
        Assert.Equal(PolicyNames.All, PolicyLoader.Load([], Shipped.Catalogue, Shipped.Today).Errors.Select(error => error.File));

    [Fact]
    public void A_policy_that_loads_today_loads_ten_years_later() =>
        Assert.Empty(PolicyLoader.Load(Shipped.Files, Shipped.Catalogue, Shipped.Today.AddYears(10)).Errors);

    /// <summary>Cut, doubled, swapped and garbled text must end in errors or in a policy, never in an exception, and soon.</summary>
    [Fact]
    public void No_damage_to_a_file_makes_the_loader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1_000),
            Prop.ForAll(
                Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var index = random.Next(Shipped.Files.Count);
                    var files = Shipped
                        .Files.Select((file, i) => i == index ? file with { Text = Damaged(file.Text, random) } : file)
                        .ToArray();
                    var reading = PolicyLoader.Load(files, Shipped.Catalogue, Shipped.Today);
                    Assert.Equal(reading.Ok, reading.Errors.Count == 0);
                    Assert.All(
                        reading.Errors,
                        error =>
                            Assert.True(
                                error is { Line: >= 1, Column: >= 1 } && !error.ToString().Contains('\n', StringComparison.Ordinal),
                                error.ToString()
                            )
                    );
                }
            )
        );

    private static string Damaged(string text, Random random)
    {
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var start = random.Next(text.Length);
            var length = Math.Min(random.Next(40), text.Length - start);
            text = random.Next(4) switch
            {
                0 => text.Remove(start, length),
                1 => text.Insert(start, text.Substring(start, length)),
                2 => text.Insert(
                    start,
                    random.Next(8) switch
                    {
                        0 => "\t",
                        1 => "\0",
                        2 => "&a ",
                        3 => "*a ",
                        4 => "!!x ",
                        5 => "- ",
                        6 => "{[",
                        _ => "\uD800: \u2028",
                    }
                ),
                _ => text[..start],
            };
            if (text.Length == 0)
                return text;
        }

        return text;
    }

    [Fact]
    public void Deep_and_long_texts_are_refused_without_delay()
    {
        foreach (
            var text in (string[])
                [
                    new string('[', 200_000),
                    string.Concat(Enumerable.Repeat("{a: ", 100_000)),
                    "a: " + new string('x', 3_000_000),
                    string.Concat(Enumerable.Repeat("- ", 100_000)),
                ]
        )
            Assert.NotEmpty(
                PolicyLoader
                    .Load(
                        [.. Shipped.Files.Where(file => file.Name != "context.yaml"), new PolicyFile("context.yaml", text)],
                        Shipped.Catalogue,
                        Shipped.Today
                    )
                    .Errors
            );
    }

    [Fact]
    public void A_change_takes_effect_only_when_it_loads_clean()
    {
        var store = PolicyStore.Open(Shipped.Files, Shipped.Catalogue, Shipped.Today);
        var first = store.Current;
        Assert.NotEmpty(store.Replace(Shipped.Changed(Shipped.Files, "actions.yaml", "tier: 2", "tier: 4"), Shipped.Today));
        Assert.Same(first, store.Current);
        Assert.Empty(
            store.Replace(Shipped.Changed(Shipped.Files, "actions.yaml", "max_duration: 2 h", "max_duration: 1 h"), Shipped.Today)
        );
        Assert.NotEqual(first.Hash, store.Current.Hash);
        Assert.Equal(TimeSpan.FromHours(2), first.Actions["disable_user_account_temporarily"].MaxDuration);
        Assert.Equal(TimeSpan.FromHours(1), store.Current.Actions["disable_user_account_temporarily"].MaxDuration);
    }

    [Fact]
    public void A_bad_policy_refuses_to_start_and_names_every_error()
    {
        var failure = Assert.Throws<InvalidPolicyException>(() =>
            PolicyStore.Open(Shipped.Changed(Shipped.Files, "actions.yaml", "tier: 2", "tier: 4"), Shipped.Catalogue, Shipped.Today)
        );
        var changed = Shipped.Files.Single(f => f.Name == "actions.yaml").Text.Split("tier: 2").Length - 1;
        Assert.Equal(changed, failure.Errors.Count);
        Assert.All(failure.Errors, error => Assert.Contains(error.ToString(), failure.Message, StringComparison.Ordinal));
    }

    /// <summary>An incident archives the files it opened with; loading them again gives the same policy, by its hash.</summary>
    [Fact]
    public void The_archived_files_give_the_same_policy_again() =>
        Assert.Equal(Shipped.Policy.Hash, Shipped.Load(Shipped.Policy.Files).Hash);
}
