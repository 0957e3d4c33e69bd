using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>The nightly rehearsal: do, verify, undo, verify on designated targets, and what the policy makes of it.</summary>
public sealed class DrillTests
{
    /// <summary>Every action that the code undoes, each on a target of its own.</summary>
    private static readonly IReadOnlyList<ActionRule> Rehearsable =
    [
        .. Shipped.Policy.Actions.Values.Where(a => a is { Reversible: Reversibility.Automatic, TargetKind: not null }),
    ];

    private static readonly string Targets = string.Join(
        ';',
        Rehearsable.GroupBy(a => a.TargetKind!).SelectMany(g => g.Select((a, n) => $"{a.Name}={Sample.Drill(g.Key, n)}"))
    );

    private static MachineOptions Drilled(MachineOptions options) =>
        options with
        {
            Settings = new Dictionary<string, string?>(options.Settings) { ["Drills:Targets"] = Targets },
        };

    [Fact]
    public async Task Every_reversible_action_is_rehearsed_at_night_and_certified_with_times()
    {
        await using var world = await World.CreateAsync(Drilled);
        var certificates = await NightAsync(world);
        Assert.Equal(Rehearsable.Select(a => a.Name).Order(), certificates.Select(c => c.Action).Order());
        Assert.All(certificates, c => Assert.True(c.Passed, c.Text));
        Assert.All(certificates, c => Assert.NotNull(c.UndoneIn));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
        Assert.DoesNotContain(await world.ContainmentsAsync(), c => c.State.Status == ContainmentStatus.Live);
        Assert.Contains(ContainmentKinds.Rehearsed, await world.KindsAsync(DrillOrchestrator.Chain));

        var api = ActivatorUtilities.CreateInstance<DrillsApi>(world.Machine.Services);
        var listed = JsonSerializer.SerializeToElement(
            Assert.IsAssignableFrom<OkObjectResult>(await api.ListAsync(SignedIn.Request(World.Megan), CancellationToken.None)).Value,
            JsonSerializerOptions.Web
        );
        Assert.Equal(certificates.Count, listed.GetProperty("certificates").GetArrayLength());
    }

    [Fact]
    public async Task A_drill_that_fails_pages_leaves_nothing_behind_and_is_no_certificate()
    {
        await using var world = await World.CreateAsync(Drilled);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, $"/graph/v1.0/users/{World.Adele}", "PATCH"));
        var certificates = await NightAsync(world);
        var failed = Assert.Single(certificates, c => !c.Passed);
        Assert.Equal("disable_user_account_temporarily", failed.Action);
        Assert.Contains(
            world.Machine.Tenant.Journal.Of("page.trigger"),
            e => e.Detail.Contains("Rollback drill failed", StringComparison.Ordinal)
        );
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Null(
            await world
                .Machine.Services.GetRequiredService<DrillCertificates>()
                .LatestAsync("disable_user_account_temporarily", CancellationToken.None)
        );
    }

    [Fact]
    public async Task The_stop_halts_drills_too_S13()
    {
        await using var world = await World.CreateAsync(Drilled);
        await world.StopAsync(engage: true);
        await world.RunAsync();
        Assert.All(await NightAsync(world), c => Assert.False(c.Passed));
        Assert.Empty(world.Effects("user.update", World.Adele));
    }

    [Fact]
    public async Task Only_designated_targets_are_ever_rehearsed()
    {
        await using var world = await World.CreateAsync(Drilled);
        var other = new DrillTarget("disable_user_account_temporarily", new("account", World.Alex, "Alex"), []);
        await world.Client.ScheduleNewOrchestrationInstanceAsync(nameof(DrillOrchestrator), other);
        await world.PassAsync(TimeSpan.FromMinutes(20));
        Assert.Empty(world.Effects("user.update", World.Alex));
        Assert.True(await world.CanSignInAsync(World.Alex));
    }

    [Fact]
    public async Task Without_a_fresh_certificate_what_would_run_alone_asks()
    {
        await using var stage = await Stage.OpenAsync("add_ip_to_watchlist", o => Drilled(o) with { EditPolicy = WithDrill });
        await stage.AskAsync();
        Assert.False(stage.InEffect());
        var (_, view) = Assert.Single(await stage.World.PendingAsync());
        Assert.Contains(view.Request.Decision.Reasons, r => r.Rule == "drill");
    }

    [Fact]
    public async Task With_a_fresh_one_it_runs_and_the_decision_shows_it()
    {
        await using var stage = await Stage.OpenAsync("add_ip_to_watchlist", o => Drilled(o) with { EditPolicy = WithDrill });
        await NightAsync(stage.World);
        await stage.AskAsync();
        Assert.True(stage.InEffect());
        Assert.Contains(await stage.StoryAsync(), e => e.Text.Contains("Its undo was last rehearsed at", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("add_ip_to_watchlist=192.0.2.1")]
    [InlineData("quarantine_email=mailMessage:x,only-a-mailbox")]
    public void A_target_that_cannot_be_read_refuses_to_start(string setting) =>
        Assert.Contains(
            "Drills__Targets",
            Assert.Throws<InvalidOperationException>(() => DrillPlan.From(setting)).Message,
            StringComparison.Ordinal
        );

    private static IReadOnlyList<PolicyFile> WithDrill(IReadOnlyList<PolicyFile> files) =>
        [
            .. files.Select(f =>
                f.Name == "actions.yaml"
                    ? f with
                    {
                        Text = f.Text.Replace("max_duration: 72 h", "max_duration: 72 h\n    drill_within: 7 d", StringComparison.Ordinal),
                    }
                    : f
            ),
        ];

    /// <summary>From 3 AM past the drills at 4.</summary>
    private static async Task<IReadOnlyList<DrillCertificate>> NightAsync(World world)
    {
        for (var n = 1; n < Rehearsable.Count; n++)
            await world.Machine.Tenant.AddUserAsync(Sample.DrillAccount(n), $"Drill {n}", $"drill{n}@contoso.example");
        await world.PassAsync(TimeSpan.FromMinutes(61));
        await world.PassAsync(TimeSpan.FromMinutes(20));
        return await world.Machine.Services.GetRequiredService<DrillCertificates>().ListAsync(100, _ => { }, CancellationToken.None);
    }
}
