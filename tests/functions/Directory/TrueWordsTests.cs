using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Containment;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Directory;

/// <summary>
/// The attack on the running pipeline, kinds 16 and 19 (S14): people are asked by the directory's name and id, and statements about what
/// the pipeline did are true, whoever wanted it. And an approval is for exactly what was there when people were asked (kind 2).
/// </summary>
public sealed class TrueWordsTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_directorys_name_and_id_head_the_approval_and_the_alerts_other_name_is_flagged()
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        await Named.SendAsync(world, Named.Account(("AadUserId", World.Megan), ("DisplayName", "Old Test Mailbox"), ("Name", "test7")));
        var (id, view) = Assert.Single(await world.PendingAsync());
        var target = view.Request.Decision.Target;
        Assert.Equal("Megan Bowen (MeganB@contoso.example)", target.Display);
        Assert.Contains("Old Test Mailbox", target.Called, StringComparison.Ordinal);
        var card = ApprovalCard.Build([new CardRequest(id, "nonce", view, null)]).ToJsonString();
        Assert.Contains("account Megan Bowen (MeganB@contoso.example), id " + World.Megan, card, StringComparison.Ordinal);
        Assert.Contains("which is no name the directory knows it by", card, StringComparison.Ordinal);
        Assert.Contains(
            await world.RecordAsync(view.Request.Incident),
            e => e.Kind == AuditKinds.Asked && e.Text.Contains("The alert calls it", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("DisplayName", "Megan Bowen")]
    [InlineData("Name", "MeganB")]
    public async Task A_name_that_the_directory_knows_is_not_flagged(string field, string name)
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        await Named.SendAsync(world, Named.Account(("AadUserId", World.Megan), ("NTDomain", "CONTOSO"), (field, name)));
        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Null(view.Request.Decision.Target.Called);
    }

    [Theory]
    [InlineData(false, "disable_user_account_temporarily at 2026-11-23 03:")]
    [InlineData(true, "disable_user_account_temporarily was taken back at 2026-11-23 03:")]
    public async Task Ten_minutes_after_an_approved_disable_or_its_release_people_are_told_of_it(bool released, string told)
    {
        await using var world = await World.CreateAsync();
        var first = await StolenAccountTests.AskedAsync(world);
        Assert.Equal(202, await world.AnswerAsync(first, World.Alex, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        if (released)
            Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release", World.Alex));
        await world.PassAsync(10 * Minute);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        var (_, view) = Assert.Single(await world.PendingAsync());
        var reason = Assert.Single(
            view.Request.Decision.Reasons,
            r => r.Text.Contains("has not touched the target", StringComparison.Ordinal)
        );
        Assert.Equal("context-unmet", reason.Rule);
        Assert.Contains(told, reason.Text, StringComparison.Ordinal);
        Assert.Contains("Alex Analyst", reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_approved_action_that_nothing_undoes_is_told_of_too()
    {
        const string undo = "    undo: a revoked session cannot be brought back; signing in again makes a new one\n";
        await using var world = await Named.WorldAsync(
            "revoke_user_sessions",
            map => map.Replace(undo, undo + "    checks: [not_touched_by_us]\n", StringComparison.Ordinal)
        );
        await Named.SendAsync(world, Named.Account(("AadUserId", World.Adele)));
        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        await world.PassAsync(10 * Minute);
        await world.SendAsync(Named.Alert("alert-2", Named.Account(("AadUserId", World.Adele))));
        await world.RunAsync();
        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Contains(
            view.Request.Decision.Reasons,
            r => r.Rule == "context-unmet" && r.Text.Contains("revoke_user_sessions at 2026-11-23 03:", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("userType", "Guest")]
    [InlineData("userPrincipalName", "adele_fabrikam.example#EXT#@contoso.example")]
    public async Task The_sessions_of_a_guest_are_left_to_people_since_this_tenant_cannot_end_them(string property, string value)
    {
        await using var world = await Named.WorldAsync("revoke_user_sessions");
        await world.Machine.Tenant.ChangeUserAsync(World.Adele, new JsonObject { [property] = value });
        await Named.SendAsync(world, Named.Account(("AadUserId", World.Adele)));
        Assert.Empty(await world.PendingAsync());
        Assert.Empty(world.Effects("user.revokeSessions"));
        Assert.Contains(world.Pages(), p => p.Contains("is a guest", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_took_the_place_of_the_one_people_were_asked_about_is_not_removed()
    {
        await using var stage = await Stage.OpenAsync("revoke_api_key");
        await stage.AskAsync();
        await stage.World.Machine.Tenant.ReplaceKeyAsync(TenantSeed.PayrollApp, "00000000-0000-4000-8000-000000000299");
        await stage.ApproveAsync();
        Assert.Equal(0, stage.Effects("application.removePassword"));
        Assert.Contains(stage.Pages, p => p.Contains("people were asked about is gone", StringComparison.Ordinal));
    }
}
