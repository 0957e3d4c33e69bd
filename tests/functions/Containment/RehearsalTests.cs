using System.Text;
using IRFunctions.Alerts;
using IRFunctions.Containment.Actions;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>What follows from an action by itself is what people wrote down of the actions that there were first.</summary>
public sealed class RehearsalTests
{
    public static TheoryData<string> Notifications => [.. Shipped.Catalogue.Where(c => c.TargetKind == "alert").Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public void An_action_keeps_its_contract_on_the_sample_target_of_its_kind(string name) =>
        Assert.NotEmpty(ActionCase.Of(name).Rehearsed.Done);

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task A_notification_is_sent_once_however_often_it_is_asked_for(string name)
    {
        var rehearsal = await Rehearsal.RunAsync(name, null, o => o, 1);
        Assert.Empty(rehearsal.NotedAgain);
        Assert.Single(rehearsal.Executing.SelectMany(r => r.Effects));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_sample_of_a_kind_leads_to_its_target(string kind)
    {
        var sample = Sample.Of(kind);
        var alert = new ActionCase("none", sample.Entities, sample.Key) { Sample = sample, Reversed = false }.Alert();
        var reading = AlertParser.Read(Encoding.UTF8.GetBytes(alert.ToJsonString()));
        await using var world = await World.CreateAsync();
        var directory = world.Machine.Services.GetRequiredService<DirectoryResolver>();
        var known = await directory.ResolveAsync(reading.Alert!.Entities.Where(Targets.NeedsDirectory), CancellationToken.None);
        Assert.All(known.Identities.Values, i => Assert.Null(i.Failed));
        Assert.Contains(sample.Key, known.Targets.Values.Concat(Targets.OfAll(reading.Alert!)).Select(t => t.Key));
    }

    public static TheoryData<string> Kinds => [.. Sample.All.Where(s => s.Breaker is null).Select(s => s.Kind)];

    /// <summary>Read by other means than the comparison: through Graph, the receiver and the tenant's journal.</summary>
    [Theory]
    [InlineData("disable_user_account_temporarily", "user.update", "user.update", "PATCH")]
    [InlineData("quarantine_email", "message.move", "message.move", "POST")]
    [InlineData("block_ip_at_firewall", "connector.deny", "connector.restore", "POST")]
    [InlineData("block_ip_at_firewall by named location", "namedLocation.update", "namedLocation.update", "PATCH")]
    [InlineData("add_ip_to_watchlist", "watchlistItem.put", "watchlistItem.delete", "PUT")]
    [InlineData("increase_logging_verbosity", "connector.set", "connector.restore", "POST")]
    [InlineData("revoke_user_sessions", "user.revokeSessions", "", "POST")]
    [InlineData("revoke_api_key", "application.removePassword", "", "POST")]
    public async Task What_was_learnt_of_a_known_action_is_what_people_see(string name, string done, string undone, string method)
    {
        await using var stage = await Stage.OpenAsync(name);
        Assert.Equal((done, undone, method), (stage.Case.Done, stage.Case.Undone, stage.Case.Rehearsed.Method));
        Assert.Equal((false, false), (await SeenAsync(stage), stage.InEffect()));
        await stage.ActAsync();
        Assert.Equal((true, true), (await SeenAsync(stage), stage.InEffect()));
        if (stage.Case.Lasts is not { } length)
            return;
        stage.SomeoneElseUndoes();
        Assert.Equal((false, false), (await SeenAsync(stage), stage.InEffect()));
        stage.SomeoneElseDoes();
        Assert.Equal((true, true), (await SeenAsync(stage), stage.InEffect()));
        await stage.World.PassAsync(length + TimeSpan.FromMinutes(10));
        Assert.Equal(await SeenAsync(stage), stage.InEffect());
    }

    private static async Task<bool> SeenAsync(Stage stage) =>
        stage.Case.Name switch
        {
            "disable_user_account_temporarily" => !await stage.World.CanSignInAsync(World.Adele),
            "quarantine_email" => !await stage.IsInInboxAsync(),
            "block_ip_at_firewall" => await stage.IsStateAsync(OpenC2.Address(new("ip", Sample.Address, "")), "denied"),
            "block_ip_at_firewall by named location" => (await stage.BlockedRangesAsync()).Contains($"{Sample.Address}/32"),
            "add_ip_to_watchlist" => (await stage.WatchlistAsync()).Count > 0,
            "increase_logging_verbosity" => await stage.IsStateAsync(OpenC2.Logging(new("host", Sample.Device, "")), "verbose"),
            "revoke_user_sessions" => stage.World.Effects("user.revokeSessions", World.Adele).Count > 0,
            _ => !(await stage.GraphAsync($"applications/{TenantSeed.PayrollApp}"))["passwordCredentials"]!
                .AsArray()
                .Any(k => (string?)k!["keyId"] == TenantSeed.PayrollKey),
        };
}
