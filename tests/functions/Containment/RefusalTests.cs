using IRFunctions.Containment;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>Targets that are for people, with the reason.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("disable_user_account_temporarily", TenantSeed.Admin, "privileged")]
    [InlineData("revoke_user_sessions", TenantSeed.Admin, "privileged")]
    [InlineData("disable_user_account_temporarily", TenantSeed.Lee, "synchronised from on-premises")]
    public async Task Privileged_and_synchronised_accounts_are_never_touched_even_when_approved_S9(string action, string user, string why)
    {
        var target = ActionCase.Of(action);
        await using var stage = await Stage.OpenAsync(
            target with
            {
                Entities = target.Entities.Replace(World.Adele, user, StringComparison.Ordinal),
                TargetKey = $"account:{user}",
            }
        );
        await stage.ActAsync();
        Assert.Equal(0, stage.Effects(target.Done));
        Assert.DoesNotContain(AuditKinds.Executing, await stage.KindsAsync());
        var decision = (await stage.World.IncidentsAsync())[0].Decisions.Single(d => d.Action == action);
        // The policy may refuse it before anybody is asked; where it asks, the action itself refuses.
        if (decision.Ending == Ending.Failed)
            Assert.Contains(stage.Pages, p => p.Contains(why, StringComparison.Ordinal));
        else
            Assert.Contains(decision.Ending, new[] { Ending.Notified, Ending.Held });
    }

    [Fact]
    public async Task An_application_with_two_secrets_is_left_to_people_since_no_alert_says_which_leaked()
    {
        var key = ActionCase.Of("revoke_api_key");
        const string build = "00000000-0000-4000-8000-000000000212";
        await using var stage = await Stage.OpenAsync(
            key with
            {
                Entities = key.Entities.Replace(TenantSeed.PayrollAppId, build, StringComparison.Ordinal),
                TargetKey = $"application:{TenantSeed.BuildApp}",
            }
        );
        await stage.ActAsync();
        Assert.Equal(0, stage.Effects(key.Done));
        Assert.Contains(stage.Pages, p => p.Contains("has 2 secrets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rotation_is_prepared_before_the_key_goes()
    {
        await using var stage = await Stage.OpenAsync("revoke_api_key");
        await stage.ActAsync();
        var journal = stage.World.Machine.Tenant.Journal.Entries;
        var ticket = journal.Single(e => e.Effect == "ticket.create" && e.Detail.StartsWith("rotate-", StringComparison.Ordinal));
        Assert.True(ticket.Sequence < journal.Single(e => e.Effect == "application.removePassword").Sequence);
        Assert.Contains(
            await stage.StoryAsync(),
            e => e.Kind == AuditKinds.Executed && e.Text.Contains("rotation is prepared", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("block_ip_at_firewall")]
    [InlineData("block_ip_at_firewall by named location")]
    public async Task Our_own_office_is_never_blocked(string name)
    {
        var block = ActionCase.Of(name);
        await using var stage = await Stage.OpenAsync(
            block with
            {
                Entities = block.Entities.Replace(Sample.Address, "203.0.113.20", StringComparison.Ordinal),
                TargetKey = "ip:203.0.113.20",
            }
        );
        await stage.ActAsync();
        Assert.Equal(0, stage.Effects(block.Done));
        Assert.Contains(stage.Pages, p => p.Contains("Head office", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_the_alert_does_not_place_is_left_to_people()
    {
        var mail = ActionCase.Of("quarantine_email");
        await using var stage = await Stage.OpenAsync(
            mail with
            {
                Entities = mail.Entities.Replace("\"Recipient\"", "\"Nobody\"", StringComparison.Ordinal),
            }
        );
        await stage.ActAsync();
        Assert.Equal(0, stage.Effects(mail.Done));
        var page = Assert.Single(
            stage.Pages,
            p => p.StartsWith("Recommended, never run by itself: quarantine_email", StringComparison.Ordinal)
        );
        Assert.Contains("needs an entity of kind mailMessage with an id it can use", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disable_user_account_temporarily", "one person, AdeleV@contoso.example (Retail Manager)")]
    [InlineData("revoke_api_key", "it has no other secret")]
    [InlineData("revoke_user_sessions", "one person, AdeleV@contoso.example (Retail Manager)")]
    [InlineData("block_ip_at_firewall by named location", "in no trusted named location")]
    [InlineData("block_ip_at_firewall", "for all traffic")]
    public async Task Whoever_is_asked_sees_what_it_would_touch(string name, string estimate)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.AskAsync();
        var (_, view) = Assert.Single(await stage.World.PendingAsync());
        Assert.Contains(estimate, view.Request.Estimate, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quarantine_email", "one message each in 1 mailbox(es): MeganB@contoso.example")]
    [InlineData("add_ip_to_watchlist", "nobody")]
    [InlineData("increase_logging_verbosity", "nobody")]
    public async Task Where_nobody_is_asked_what_it_would_touch_is_on_the_record(string name, string estimate)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        Assert.Contains(
            await stage.StoryAsync(),
            e => e.Kind == ContainmentKinds.Estimated && e.Text.Contains(estimate, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Two_addresses_blocked_at_once_in_one_named_location_both_stay_and_both_go()
    {
        var block = ActionCase.Of("block_ip_at_firewall by named location");
        await using var stage = await Stage.OpenAsync(block, o => o with { Engine = new() { ShuffleSeed = 7 } });
        await stage.World.SendAsync(block.Alert());
        await stage.World.SendAsync(
            (block with { Entities = block.Entities.Replace(Sample.Address, "192.0.2.78", StringComparison.Ordinal) }).Alert("alert-2")
        );
        await stage.World.RunAsync();
        await stage.ApproveAsync();
        Assert.Equal(
            ["192.0.2.255/32", "192.0.2.77/32", "192.0.2.78/32"],
            (await stage.BlockedRangesAsync()).Order().OrderBy(r => r != "192.0.2.255/32")
        );
        await stage.World.PassAsync(TimeSpan.FromHours(25));
        Assert.Equal(["192.0.2.255/32"], await stage.BlockedRangesAsync());
    }
}
