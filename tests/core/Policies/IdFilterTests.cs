using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class IdFilterTests
{
    [Fact]
    public void What_is_registered_passes_however_it_is_written()
    {
        var random = new Random(5);
        var ids = Enumerable.Range(0, 5_000).Select(_ => AnyId(random)).Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        var filter = new IdFilter(ids);
        Assert.All(
            ids,
            id => Assert.True(filter.MayHold(id) && filter.MayHold(id.ToUpperInvariant()) && filter.MayHold(id.ToLowerInvariant()))
        );
    }

    [Fact]
    public void Of_what_is_not_registered_at_most_one_of_six_passes()
    {
        var random = new Random(6);
        foreach (var count in (int[])[0, 10, 700, 10_000])
        {
            var filter = new IdFilter([.. Enumerable.Range(0, count).Select(i => $"00000000-0000-4000-8000-{i:x12}")]);
            var strangers = Enumerable
                .Range(0, 10_000)
                .Select(_ => AnyId(random))
                .Concat(Enumerable.Range(20_000, 10_000).Select(i => $"00000000-0000-4000-8000-{i:x12}"));
            Assert.InRange(strangers.Count(filter.MayHold), 0, 20_000 / 6);
        }
    }

    /// <summary>Letters outside ASCII have cases that no single bit tells apart; whether they match is for the table to say.</summary>
    [Theory]
    [InlineData("Jürgen@contoso.example", "JÜRGEN@contoso.example")]
    [InlineData("ſam", "sam")]
    [InlineData("\u212A", "k")]
    [InlineData("ıo", "IO")]
    [InlineData("host-ā", "HOST-Ā")]
    public void Ids_that_are_not_ASCII_always_pass_and_make_all_others_pass(string registered, string asked)
    {
        Assert.True(new IdFilter([registered]).MayHold(asked));
        Assert.True(new IdFilter(["something else"]).MayHold(registered));
    }

    [Fact]
    public void A_registration_is_found_in_other_letters_through_the_whole_policy_index()
    {
        var things = new ProtectedThings<string>(["host-äb", "Alex@Contoso.example", "host-1"], _ => "host", id => id);
        foreach (var (asked, wanted) in new[] { ("HOST-ÄB", 1), ("alex@contoso.EXAMPLE", 1), ("host-2", 0) })
        {
            List<string>? found = null;
            things.FindId(asked, ref found);
            Assert.Equal(wanted, found?.Count ?? 0);
        }
    }

    private static string AnyId(Random random) =>
        new(random.GetItems<char>("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+{}[]`", random.Next(1, 45)));
}
