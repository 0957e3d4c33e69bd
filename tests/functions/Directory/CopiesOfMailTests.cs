using IRFunctions.Containment;

namespace IRFunctions.Tests.Directory;

/// <summary>
/// The attack on the running pipeline, kinds 2, 13 and 14: each copy of a message is contained and put back by itself (S6 S7), its reader
/// decides nothing about it (S3), and a copied Message-ID takes no innocent mail along (S4).
/// </summary>
public sealed class CopiesOfMailTests
{
    private const string Phish = "<phish-1@evil.example>";
    private const string Other = "00000000-0000-4000-8000-000000000402";
    private static readonly TimeSpan Days = TimeSpan.FromHours(49);

    [Fact]
    public async Task Two_incidents_with_one_message_id_and_two_recipients_both_come_back()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        foreach (var (user, recipient) in new[] { (World.Megan, "MeganB@contoso.example"), (World.Adele, "AdeleV@contoso.example") })
        {
            await world.Machine.Tenant.DeliverAsync(user, "Overdue invoice", "billing@evil.example", Phish, Named.Message);
            await world.SendAsync(Named.Alert($"alert-{user[^2..]}", Named.Mail(recipient, Phish)));
            await world.RunAsync();
        }
        Assert.Equal(2, world.Effects("message.move").Count);
        await world.PassAsync(Days);
        Assert.Equal(4, world.Effects("message.move").Count);
        Assert.All(await world.ContainmentsAsync(), c => Assert.Equal(ContainmentStatus.RolledBack, c.State.Status));
    }

    [Fact]
    public async Task One_copy_that_a_person_keeps_does_not_keep_the_other()
    {
        await using var world = await Named.WorldAsync("quarantine_email", null, "e1", "e3");
        foreach (var user in (string[])[World.Megan, World.Adele])
            await world.Machine.Tenant.DeliverAsync(user, "Overdue invoice", "billing@evil.example", Phish, Named.Message);
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", Phish), Named.Mail("AdeleV@contoso.example", Phish));
        Assert.Equal(2, world.Effects("message.move").Count);
        Assert.Equal(202, await world.ChangeAsync($"quarantine_email:mailMessage:{Named.Message}@{World.Megan}", "confirm"));
        await world.PassAsync(Days);
        Assert.Equal(3, world.Effects("message.move").Count);
    }

    [Fact]
    public async Task One_mailbox_under_two_addresses_is_one_copy()
    {
        await using var world = await Named.WorldAsync("quarantine_email", null, "e1", "e3");
        await world.Machine.Tenant.ChangeUserAsync(
            World.Megan,
            new System.Text.Json.Nodes.JsonObject
            {
                ["proxyAddresses"] = new System.Text.Json.Nodes.JsonArray("SMTP:MeganB@contoso.example", "smtp:megan@contoso.example"),
            }
        );
        await world.Machine.Tenant.DeliverAsync(World.Megan, "Overdue invoice", "billing@evil.example", Phish, Named.Message);
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", Phish), Named.Mail("megan@contoso.example", Phish));
        Assert.Single(await world.ContainmentsAsync());
        Assert.Single(world.Effects("message.move"));
    }

    [Theory]
    [InlineData("release")]
    [InlineData("confirm")]
    [InlineData("extend")]
    public async Task A_recipient_changes_nothing_about_their_own_mail(string change)
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await world.Machine.Tenant.DeliverAsync(World.Sam, "Overdue invoice", "billing@evil.example", Phish, Named.Message);
        await Named.SendAsync(world, Named.Mail("SamS@contoso.example", Phish));
        var (request, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal([World.Sam], view.Request.Decision.Target.People);
        await world.PassAsync(TimeSpan.FromMinutes(6));
        foreach (var answer in (string[])["approve", "deny", "withdraw"])
            Assert.Equal(403, await world.AnswerAsync(request, World.Sam, answer));
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.RunAsync();
        Assert.Single(world.Effects("message.move"));
        var (containment, _) = Assert.Single(await world.ContainmentsAsync());
        Assert.Equal(403, await world.ChangeAsync(containment, change, World.Sam, hours: 1));
        Assert.Equal(202, await world.ChangeAsync(containment, change, World.Alex, hours: 1));
    }

    [Fact]
    public async Task Who_registered_a_host_does_not_decide_about_it()
    {
        await using var world = await Named.WorldAsync("increase_logging_verbosity");
        await world.Machine.Tenant.AddMachineAsync(
            "5a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b",
            "laptop-alex.contoso.example",
            "00000000-0000-4000-8000-000000000231",
            owner: World.Alex
        );
        await Named.SendAsync(world, Named.Host(("HostName", "laptop-alex"), ("DnsDomain", "contoso.example")));
        var (request, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal("host:5a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b", view.Request.Decision.Target.Key);
        Assert.Equal(403, await world.AnswerAsync(request, World.Alex, "approve"));
    }

    [Fact]
    public async Task A_mail_that_bears_a_copied_message_id_stays_where_it_is()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        var innocent = await world.Machine.Tenant.DeliverAsync(World.Megan, "Your contract", "hr@contoso.example", Phish, Other);
        var meant = await world.Machine.Tenant.DeliverAsync(World.Megan, "Overdue invoice", "billing@evil.example", Phish, Named.Message);
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", Phish));
        Assert.Single(world.Effects("message.move", meant));
        Assert.Empty(world.Effects("message.move", innocent));
    }

    [Fact]
    public async Task A_mail_with_another_network_message_id_is_not_taken_for_the_one_that_is_gone()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await world.Machine.Tenant.DeliverAsync(World.Megan, "Your contract", "hr@contoso.example", Phish, Other);
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", Phish));
        Assert.Empty(world.Effects("message.move"));
    }

    [Fact]
    public async Task Of_several_that_nothing_tells_apart_a_person_decides()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        for (var i = 0; i < 2; i++)
            await world.Machine.Tenant.DeliverAsync(World.Megan, $"Invoice {i}", "billing@evil.example", Phish);
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", Phish));
        Assert.Empty(world.Effects("message.move"));
        Assert.Contains(world.Pages(), p => p.Contains("nothing tells which the alert means", StringComparison.Ordinal));
    }
}
