using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class ShippedPolicyTests
{
    [Theory]
    [InlineData("add_ip_to_watchlist", 1, null, 72.0)]
    [InlineData("increase_logging_verbosity", 1, null, 1.0)]
    [InlineData("create_alert_ticket", 1, null, null)]
    [InlineData("send_analyst_notification", 1, null, null)]
    [InlineData("quarantine_email", 1, null, 48.0)]
    [InlineData("block_ip_at_firewall", 2, 15, 24.0)]
    [InlineData("disable_user_account_temporarily", 2, 15, 2.0)]
    [InlineData("revoke_user_sessions", 2, 15, null)]
    [InlineData("revoke_api_key", 2, 10, null)]
    [InlineData("isolate_production_host", 3, null, null)]
    [InlineData("revoke_service_account_credential", 3, null, null)]
    [InlineData("block_cidr_range", 3, null, null)]
    [InlineData("initiate_forensic_capture", 3, null, null)]
    [InlineData("send_breach_notification", 3, null, null)]
    public void The_tier_map_is_the_table_of_the_design(string action, int tier, int? timeoutMinutes, double? hours)
    {
        var rule = Shipped.Policy.Actions[action];
        Assert.Equal(tier, rule.Tier);
        if (tier == 2)
            Assert.Equal(TimeSpan.FromMinutes(timeoutMinutes!.Value), rule.ApprovalTimeout);
        Assert.Equal(hours is { } some ? TimeSpan.FromHours(some) : null, rule.MaxDuration);
        Assert.Equal(hours is not null, rule.Reversible == Reversibility.Automatic);
    }

    /// <summary>What the code can do is ruled by name, and what the code cannot do does nothing.</summary>
    [Fact]
    public void The_tier_map_has_every_action_of_the_catalogue_and_lets_nothing_else_run()
    {
        var catalogue = Shipped.Catalogue.Select(capability => capability.Name).ToHashSet();
        Assert.Subset(Shipped.Policy.Actions.Keys.ToHashSet(), catalogue);
        Assert.All(
            Shipped.Policy.Actions.Values.Where(rule => !catalogue.Contains(rule.Name)),
            rule => Assert.Equal(ActionMode.Observe, rule.Mode)
        );
    }

    [Fact]
    public void The_hash_does_not_depend_on_the_order_of_files_line_ends_or_a_byte_order_mark()
    {
        var other = Shipped.Files.Reverse().Select(file => file with { Text = "\uFEFF" + file.Text.ReplaceLineEndings("\r\n") }).ToArray();
        Assert.Equal(Shipped.Policy.Hash, Shipped.Load(other).Hash);
        Assert.Matches("^[0-9a-f]{64}$", Shipped.Policy.Hash);
        Assert.NotEqual(Shipped.Policy.Hash, Shipped.With("actions.yaml", "recommend_floor: 70", "recommend_floor: 71").Hash);
    }

    [Fact]
    public void Owners_are_told_before_a_registration_or_exception_ends()
    {
        var soon = Shipped.Policy.EndingSoon(new DateTimeOffset(2027, 3, 10, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(14));
        Assert.Equal(
            [("exception", "penetration test spring 2027", "red-team@contoso.example")],
            soon.Select(expiry => (expiry.What, expiry.Name, expiry.Owner))
        );
        var later = Shipped.Policy.EndingSoon(new DateTimeOffset(2027, 4, 20, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(45));
        Assert.Equal(["penetration test spring 2027", "spring 2027", "mailbox order mailbox"], later.Select(expiry => expiry.Name));
    }
}
