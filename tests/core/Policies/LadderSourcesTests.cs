using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

/// <summary>
/// ladder.yaml with groups from elsewhere, quiet hours, substitutes and owners: read, or refused with the place of the error.
/// </summary>
public sealed class LadderSourcesTests
{
    private const string Member = "{ id: 00000000-0000-4000-8000-0000000000b1, name: Alex Analyst }";

    private static PolicyReading Load(string member) =>
        PolicyLoader.Load(
            [
                .. Shipped.Files.Select(f =>
                    f.Name == "ladder.yaml" ? f with { Text = f.Text.Replace($"- {Member}", member, StringComparison.Ordinal) } : f
                ),
            ],
            Shipped.Catalogue,
            Shipped.Today
        );

    [Fact]
    public void Everything_a_group_can_say_is_read()
    {
        var reading = Load(
            $$"""
            - id: 00000000-0000-4000-8000-0000000000b1
                    name: Alex Analyst
                    owner: 00000000-0000-4000-8000-0000000000c9
                    quiet: { from: "22:00", until: "06:00" }
                    away: { from: 2026-12-20, until: 2027-01-02, substitute: { id: {{World.Megan}}, name: Megan } }
                entra_group: 00000000-0000-4000-8000-0000000000e2
                schedule: https://oncall.example/now
            """
        );
        Assert.Empty(reading.Errors);
        var group = reading.Policy!.Groups["soc_primary"];
        Assert.Equal("00000000-0000-4000-8000-0000000000e2", group.EntraGroup);
        Assert.Equal("https://oncall.example/now", group.Schedule!.ToString());
        var alex = Assert.Single(group.Members);
        Assert.True(alex.Quiet!.Covers(new DateTimeOffset(2026, 11, 23, 23, 0, 0, TimeSpan.Zero)));
        Assert.True(alex.Quiet.Covers(new DateTimeOffset(2026, 11, 23, 5, 59, 0, TimeSpan.Zero)));
        Assert.False(alex.Quiet.Covers(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero)));
        Assert.True(alex.Away!.Covers(new DateTimeOffset(2027, 1, 2, 23, 59, 0, TimeSpan.Zero)));
        Assert.False(alex.Away.Covers(new DateTimeOffset(2027, 1, 3, 0, 0, 0, TimeSpan.Zero)));
        // Substitutes and owners are protected as approvers are (S9).
        Assert.Contains(World.Megan, reading.Policy.Approvers.AsEnumerable());
        Assert.Contains("00000000-0000-4000-8000-0000000000c9", reading.Policy.Approvers.AsEnumerable());
    }

    [Theory]
    [InlineData("quiet: { from: \"25:00\", until: \"06:00\" }", "quiet.from")]
    [InlineData("quiet: { from: \"22:00\" }", "quiet.until")]
    [InlineData(
        "away: { from: 2026-12-20, until: 2026-12-19, substitute: { id: 00000000-0000-4000-8000-0000000000a2, name: Megan } }",
        "away.until"
    )]
    [InlineData("away: { from: 2026-12-20, until: 2026-12-21 }", "away.substitute")]
    [InlineData("away: { from: 2026-12-20, until: 2026-12-21, substitute: { id: Megan, name: Megan } }", "away.substitute.id")]
    [InlineData("owner: Alex", "owner")]
    [InlineData("quit: { from: \"22:00\", until: \"06:00\" }", "quit")]
    public void A_slip_is_refused_with_its_place(string extra, string key)
    {
        var errors = Load($"- {Member[..^2]}, {extra} }}").Errors;
        Assert.Contains(errors, e => e.File == "ladder.yaml" && e.Key.EndsWith(key, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("schedule: http://oncall.example/now", "schedule")]
    [InlineData("schedule: file:///etc/passwd", "schedule")]
    [InlineData("entra_group: soc", "entra_group")]
    public void A_source_that_cannot_be_one_is_refused(string line, string key) =>
        Assert.Contains(Load($"- {Member}\n    {line}").Errors, e => e.Key.EndsWith(key, StringComparison.Ordinal));
}
