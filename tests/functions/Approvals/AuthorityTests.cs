using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Approvals;

/// <summary>Who may let something happen, tried from inside: forged orders, strangers' answers, one person voting twice (S2, S3).</summary>
public sealed class AuthorityTests
{
    private const string Disable = "disable_user_account_temporarily";

    public static TheoryData<string, Func<ContainmentOrder, ContainmentOrder>> Forgeries =>
        new()
        {
            { "no grant", o => o with { Grant = null } },
            { "a grant for another hash", o => o with { Grant = o.Grant! with { ActionHash = new string('0', 64) } } },
            { "a grant for another target", o => Change(o, d => d with { Target = d.Target with { Id = World.Megan } }) },
            { "a grant for a longer time", o => Change(o, d => d with { MaxDuration = TimeSpan.FromDays(365) }) },
            { "a grant for another policy", o => Change(o, d => d with { PolicyHash = new string('0', 64) }) },
            { "nobody in the grant", o => o with { Grant = o.Grant! with { Approvers = [] } } },
            { "a quorum not met", o => Regrant(Change(o, d => d with { Quorum = 2 }), World.Alex) },
            {
                "one person twice in a quorum of two",
                o => Regrant(Change(o, d => d with { Quorum = 2 }), World.Alex, World.Alex.ToUpperInvariant())
            },
            { "tier 3", o => Regrant(Change(o, d => d with { Tier = 3 }), World.Alex) },
            { "tier 0", o => Regrant(Change(o, d => d with { Tier = 0 }), World.Alex) },
            { "tier 2 that claims to run alone", o => Change(o, d => d with { Kind = DecisionKind.Run }) with { Grant = null } },
            { "tier 2 that claims to be tier 1", o => Change(o, d => d with { Tier = 1, Kind = DecisionKind.Run }) with { Grant = null } },
            { "what was only told", o => Regrant(Change(o, d => d with { Kind = DecisionKind.Tell }), World.Alex) },
            { "what was held", o => Regrant(Change(o, d => d with { Kind = DecisionKind.Hold }), World.Alex) },
            {
                "an action that is not in the catalogue",
                o => Regrant(Change(o, d => d with { Action = "isolate_production_host" }), World.Alex)
            },
        };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_forged_order_is_refused_and_changes_nothing_S1_S2_S3(string name, Func<ContainmentOrder, ContainmentOrder> forge)
    {
        Assert.NotEmpty(name);
        await using var world = await World.CreateAsync();
        var instance = await world.ForgeAsync(nameof(ContainmentOrchestrator), forge(Granted(world)), "contain-forged");
        await world.PassAsync(TimeSpan.FromMinutes(2));
        instance = (await world.Client.GetInstanceAsync(instance.InstanceId, true))!;

        Assert.Equal(OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        Assert.Empty(world.Effects("user.update"));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.All(await world.ContainmentsAsync(), c => Assert.Empty(c.State.Holds));
    }

    [Fact]
    public async Task The_same_order_with_its_true_grant_runs_so_the_forgeries_fail_for_their_reason()
    {
        await using var world = await World.CreateAsync();
        await world.ForgeAsync(nameof(ContainmentOrchestrator), Granted(world), "contain-true");
        Assert.False(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_order_that_names_a_notification_to_slip_past_the_stop_reaches_nothing_but_people_S13()
    {
        await using var world = await World.CreateAsync();
        await world.StopAsync(engage: true);
        await world.RunAsync();
        // The stop lets tickets and pages pass by the kind of their target; an account called an alert must not pass with them.
        var order = Change(Granted(world), d => d with { Target = d.Target with { Kind = "alert" } });
        await world.ForgeAsync(nameof(ContainmentOrchestrator), Regrant(order, World.Alex), "contain-slip");
        Assert.Empty(world.Effects("user.update"));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_strangers_answer_raised_past_the_door_is_not_counted_S3()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        var view = (await world.PendingAsync())[0].View;
        foreach (var by in (string[])[World.Outsider, World.Adele, "", "00000000-0000-4000-8000-00000000ffff"])
            await world.Client.RaiseEventAsync(
                request,
                view.AnswerEvent,
                new ApprovalAnswer(by, true, "let me in", world.Time.GetUtcNow(), "api")
            );
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Single(await world.PendingAsync());
        Assert.Equal(4, (await world.KindsAsync(view.Request.Incident)).Count(k => k == AuditKinds.Refused));
    }

    [Fact]
    public async Task A_denial_wins_over_every_later_approval()
    {
        await using var world = await World.CreateAsync(WithQuorumOfTwo);
        var request = await StolenAccountTests.AskedAsync(world);
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        Assert.Equal(202, await world.AnswerAsync(request, World.Sam, "deny"));
        await world.RunAsync();
        Assert.Equal(409, await world.AnswerAsync(request, World.Morgan, "approve"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(Outcome.Asked, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Fact]
    public async Task A_quorum_of_two_needs_two_distinct_people_S3()
    {
        await using var world = await World.CreateAsync(WithQuorumOfTwo);
        var request = await StolenAccountTests.AskedAsync(world);
        var view = (await world.PendingAsync())[0].View;
        Assert.Equal(2, view.Request.Decision.Quorum);
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));

        Assert.Equal(409, await world.AnswerAsync(request, World.Alex, "approve")); // at the door
        await world.Client.RaiseEventAsync(
            request,
            view.AnswerEvent,
            new ApprovalAnswer(World.Alex, true, "again", world.Time.GetUtcNow(), "api")
        ); // and past it
        await world.Client.RaiseEventAsync(
            request,
            view.AnswerEvent,
            new ApprovalAnswer(World.Alex.ToUpperInvariant(), true, "and again", world.Time.GetUtcNow(), "api")
        );
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));

        Assert.Equal(202, await world.AnswerAsync(request, World.Sam, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        var state = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal([World.Alex, World.Sam], state.Holds[0].ApprovedBy.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Two_approvals_in_the_same_moment_run_it_once()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        Assert.Equal(409, await world.AnswerAsync(request, World.Sam, "approve")); // The register knows before the orchestration does.
        await world.RunAsync();
        Assert.Single(world.Effects("user.update", World.Adele));
    }

    [Theory]
    [InlineData("deny", "approve")]
    [InlineData("approve", "deny")]
    public async Task Of_opposite_answers_in_one_moment_the_first_to_arrive_decides(string first, string second)
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        await world.AnswerAsync(request, World.Alex, first);
        await world.AnswerAsync(request, World.Sam, second);
        await world.RunAsync();
        Assert.Equal(first == "deny", await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Break_glass_accounts_and_approvers_are_never_contained_without_the_policys_say_S9()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount("00000000-0000-4000-8000-0000000000c1", "a-1", "i-1"));
        await world.SendAsync(Given.StolenAccount(World.Sam, "a-2", "i-2"));
        await world.RunAsync();
        Assert.DoesNotContain(await world.PendingAsync(), p => p.View.Request.Decision.Target.Id.EndsWith("c1", StringComparison.Ordinal));
        Assert.DoesNotContain(world.Containing(), e => e.StartsWith("user.", StringComparison.Ordinal));
    }

    private static IRFunctions.Local.Machine.MachineOptions WithQuorumOfTwo(IRFunctions.Local.Machine.MachineOptions options) =>
        options with
        {
            EditPolicy = files =>
                [
                    .. files.Select(f =>
                        f.Name == "actions.yaml"
                            ? f with
                            {
                                Text = f.Text.Replace(
                                    "  disable_user_account_temporarily:\n    tier: 2\n",
                                    "  disable_user_account_temporarily:\n    tier: 2\n    quorum: 2\n",
                                    StringComparison.Ordinal
                                ),
                            }
                            : f
                    ),
                ],
        };

    /// <summary>An order exactly as the pipeline makes it after Alex approved.</summary>
    private static ContainmentOrder Granted(World world) =>
        Regrant(
            new ContainmentOrder
            {
                Id = "forged-1",
                Incident = "incident-forged",
                Title = "forged",
                Note = "forged",
                Decision = new Decision
                {
                    Kind = DecisionKind.Ask,
                    Action = Disable,
                    Target = new Target("account", World.Adele, "Adele"),
                    Tier = 2,
                    Confidence = 100,
                    Reasons = [],
                    Quorum = 1,
                    MaxDuration = TimeSpan.FromHours(2),
                    Reversible = true,
                    PolicyHash = world.Machine.Policy.Hash,
                },
            },
            World.Alex
        );

    private static ContainmentOrder Change(ContainmentOrder order, Func<Decision, Decision> change) =>
        order with
        {
            Decision = change(order.Decision),
        };

    private static ContainmentOrder Regrant(ContainmentOrder order, params string[] approvers) =>
        order with
        {
            Grant = new Grant(ActionHash.Of(order.Decision, order.Mail), approvers, DateTimeOffset.UnixEpoch),
        };
}
