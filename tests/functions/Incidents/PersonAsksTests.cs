using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Record;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>A person asks for a containment without an alert: the same way, and never their own approval (S3).</summary>
public sealed class PersonAsksTests
{
    private const string Disable = "disable_user_account_temporarily";

    [Fact]
    public async Task It_is_decided_by_the_policy_approved_by_somebody_else_done_recorded_and_undone()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await AskAsync(world, World.Alex, Disable, "account", World.Adele));
        await world.RunAsync();
        var (id, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal(World.Alex, view.Request.RequestedBy);
        Assert.Contains("Adele", view.Request.Decision.Target.Display, StringComparison.Ordinal);

        Assert.Equal(403, await world.AnswerAsync(id, World.Alex, "approve"));
        Assert.Equal(403, await world.AnswerAsync(id, World.Alex, "deny"));
        Assert.True(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromMinutes(6)); // The second rung is asked.
        Assert.Equal(202, await world.AnswerAsync(id, World.Sam, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));

        var record = await world.RecordAsync(view.Request.Incident);
        Assert.Equal((AuditKinds.Received, World.Alex), (record[0].Kind, record[0].Actor));
        Assert.Contains("without an alert: seen on the phone", record[0].Text, StringComparison.Ordinal);
        Assert.Contains(record, e => e.Kind == AuditKinds.Granted);
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task What_the_policy_lets_run_alone_runs_and_ends_by_itself()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await AskAsync(world, World.Alex, "add_ip_to_watchlist", "ip", "203.0.113.9"));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        Assert.Equal(Outcome.Acted, Assert.Single(await world.IncidentsAsync()).Outcome);
        Assert.NotEmpty(await world.ContainmentsAsync());
    }

    [Fact]
    public async Task What_never_runs_does_not_run_for_a_person_either()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await AskAsync(world, World.Alex, "isolate_production_host", "host", new string('a', 40)));
        await world.RunAsync();
        var decision = Assert.Single(Assert.Single(await world.IncidentsAsync()).Decisions, d => d.Action == "isolate_production_host");
        Assert.Equal(DecisionKind.Tell, decision.Kind);
    }

    [Fact]
    public async Task The_protected_are_protected_from_people_too()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await AskAsync(world, World.Alex, Disable, "account", Local.Tenant.TenantSeed.BreakGlass));
        await world.RunAsync();
        Assert.DoesNotContain(
            Assert.Single(await world.IncidentsAsync()).Decisions,
            d => d.Action == Disable && d.Kind is DecisionKind.Run or DecisionKind.Ask
        );
    }

    [Fact]
    public async Task The_same_wish_sent_twice_is_one()
    {
        await using var world = await World.CreateAsync();
        for (var i = 0; i < 2; i++)
            Assert.Equal(202, await AskAsync(world, World.Alex, Disable, "account", World.Adele, key: "wish-1"));
        await world.RunAsync();
        Assert.Single(await world.PendingAsync());
        Assert.Single(await world.IncidentsAsync());
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData(World.Outsider, 403)]
    public async Task Only_responders_may_ask(string? by, int status)
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(status, await AskAsync(world, by, Disable, "account", World.Adele));
    }

    [Theory]
    [InlineData("format_disk", "account", World.Adele)]
    [InlineData("create_alert_ticket", "account", World.Adele)]
    [InlineData(Disable, "account", "Adele Vance")]
    [InlineData(Disable, "ip", "203.0.113.9")]
    [InlineData("block_ip_at_firewall", "ip", "203.0.113.0/24")]
    [InlineData("pause_agent_session", "workload", "trading-agent-1")]
    [InlineData(Disable, "planet", "mars")]
    [InlineData(Disable, null, null)]
    public async Task What_is_no_action_or_no_target_is_refused_and_nothing_begins(string action, string? kind, string? id)
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(400, await AskAsync(world, World.Alex, action, kind, id));
        await world.RunAsync();
        Assert.Empty(await world.IncidentsAsync());
    }

    [Fact]
    public async Task Under_the_global_stop_nothing_new_happens_for_a_person_either()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await world.StopAsync(engage: true));
        await world.RunAsync();
        Assert.Equal(202, await AskAsync(world, World.Alex, "add_ip_to_watchlist", "ip", "203.0.113.9"));
        await world.RunAsync();
        Assert.Empty(await world.ContainmentsAsync());
    }

    private static async Task<int> AskAsync(World world, string? by, string action, string? kind, string? id, string? key = null)
    {
        var api = ActivatorUtilities.CreateInstance<ContainmentRequestApi>(world.Machine.Services);
        var request = World.Request(
            by,
            new
            {
                action,
                target = new { kind, id },
                reason = "seen on the phone",
            }
        );
        if (key is not null)
            request.Headers["Idempotency-Key"] = key;
        return ((ObjectResult)await api.StartAsync(request, world.Client, CancellationToken.None)).StatusCode ?? 0;
    }
}
