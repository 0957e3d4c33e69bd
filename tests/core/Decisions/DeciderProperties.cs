using System.Net;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>
/// What must hold for every alert, policy and model answer. A failure prints the seed, which <see cref="Scenario.From"/> turns back into
/// the world.
/// </summary>
public sealed class DeciderProperties
{
    private const int Worlds = 5_000;

    private static void ForEveryWorld(Action<Scenario> holds) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Worlds),
            Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => holds(Scenario.From(seed)))
        );

    [Fact]
    public void S1_only_what_the_tier_map_lists_runs_or_is_asked_for_and_the_tier_is_the_maps() =>
        ForEveryWorld(world =>
        {
            foreach (var decision in world.Decide())
            {
                var rule = world.Policy.Actions.GetValueOrDefault(decision.Action);
                Assert.Equal(rule?.Tier ?? 3, decision.Tier);
                if (decision.Kind is DecisionKind.Run or DecisionKind.Ask)
                    Assert.True(rule is { Tier: < 3, TargetKind: not null } && rule.Mode != ActionMode.Observe);
                if (decision.Kind == DecisionKind.Run)
                    Assert.True(rule!.Tier == 1 && rule.Mode == ActionMode.Act);
            }
        });

    [Fact]
    public void S2_tier_3_is_told_and_nothing_else() =>
        ForEveryWorld(world =>
            Assert.All(world.Decide().Where(decision => decision.Tier == 3), decision => Assert.Equal(DecisionKind.Tell, decision.Kind))
        );

    [Fact]
    public void S3_what_is_asked_has_a_quorum_no_smaller_than_the_map_says_and_a_time() =>
        ForEveryWorld(world =>
            Assert.All(
                world.Decide(),
                decision =>
                {
                    Assert.Equal(decision.Kind == DecisionKind.Ask, decision.Quorum > 0);
                    Assert.Equal(decision.Kind == DecisionKind.Ask, decision.ApprovalTimeout is not null);
                    if (decision.Kind == DecisionKind.Ask)
                        Assert.True(decision.Tier == 1 || decision.Quorum >= world.Policy.Actions[decision.Action].Quorum);
                }
            )
        );

    [Fact]
    public void S4_every_target_is_a_typed_value_of_the_alert_that_was_recommended() =>
        ForEveryWorld(world =>
        {
            var keys = Targets.OfAll(world.Alert).Select(target => target.Key).Append(Targets.OfAlert(world.Alert).Key).ToHashSet();
            foreach (var decision in world.Decide())
            {
                Assert.Contains(decision.Target.Key, keys);
                if (decision.Kind is DecisionKind.Run or DecisionKind.Ask)
                    Assert.Equal(world.Policy.Actions[decision.Action].TargetKind, decision.Target.Kind);
            }
        });

    [Fact]
    public void S8_nothing_runs_over_budget() =>
        ForEveryWorld(world =>
        {
            var runs = world.Decide().Where(decision => decision.Kind == DecisionKind.Run && decision.Target.Kind != "alert").ToArray();
            var budgets = world.Policy.Budgets;
            Within(BudgetFacts.Tenant, budgets.Tenant, runs.Length);
            foreach (var group in runs.GroupBy(decision => decision.Action))
                Within(BudgetFacts.OfAction(group.Key), budgets.ForAction(group.Key), group.Count());
            foreach (var group in runs.GroupBy(decision => decision.Target.Key))
                Within($"identity:{group.Key}", budgets.Identity, group.Count());

            void Within(string key, Budget budget, int count)
            {
                var spent = world.Facts.Budgets.Spent.GetValueOrDefault(key) ?? new BudgetSpent(0, 0);
                Assert.True(
                    count == 0
                        || (
                            spent.LastMinute + count <= budget.PerMinute
                            && spent.LastHour + count <= budget.PerHour
                            && world.Facts.Budgets.Failed is null
                        )
                );
            }
        });

    [Fact]
    public void S9_nothing_protected_is_contained_without_a_person() =>
        ForEveryWorld(world =>
        {
            foreach (var decision in world.Decide().Where(decision => decision.Target.Kind != "alert"))
            {
                if (IsProtected(world, decision))
                    Assert.NotEqual(DecisionKind.Run, decision.Kind);
                if (IsUntouchable(world, decision))
                    Assert.True(decision.Kind is DecisionKind.Tell, $"{decision.Kind}");
            }
        });

    [Fact]
    public void S9_nothing_that_the_directory_could_not_name_is_contained_without_a_person() =>
        ForEveryWorld(world =>
        {
            foreach (var entity in world.Alert.Entities.Where(Targets.NeedsDirectory))
                if (Targets.Of(entity) is { } target && world.Facts.Identities.GetValueOrDefault(target.Key) is not { Failed: null })
                    Assert.DoesNotContain(
                        world.Decide(),
                        decision => decision.Target.Key == target.Key && decision.Kind == DecisionKind.Run
                    );
        });

    [Fact]
    public void S10_every_alert_ends_with_an_effect_a_question_or_a_ticket() =>
        ForEveryWorld(world =>
            Assert.Contains(
                world.Decide(),
                decision =>
                    decision.Kind == DecisionKind.Ask
                    || (decision.Kind == DecisionKind.Run && (decision.Target.Kind != "alert" || decision.Action == "create_alert_ticket"))
            )
        );

    [Fact]
    public void S12_doubt_means_a_ticket_and_a_page_and_nothing_alone() =>
        ForEveryWorld(world =>
        {
            var decisions = world.Decide();
            var assessment = world.Assessment;
            if (assessment.Problem is null && assessment.By != AssessedBy.Nobody)
                return;
            Assert.Contains(decisions, decision => decision is { Action: "create_alert_ticket", Kind: DecisionKind.Run });
            Assert.Contains(decisions, decision => decision is { Action: "send_analyst_notification", Kind: DecisionKind.Run });
            Assert.DoesNotContain(decisions, decision => decision.Kind == DecisionKind.Run && decision.Target.Kind != "alert");
        });

    [Fact]
    public void S13_under_the_global_stop_only_people_are_told() =>
        ForEveryWorld(world =>
        {
            var stopped = (world with { Facts = world.Facts with { Stop = new GlobalStopFact("Morgan", "test") } }).Decide();
            Assert.All(
                stopped,
                decision => Assert.True(decision.Kind is DecisionKind.Hold or DecisionKind.Tell || decision.Target.Kind == "alert")
            );
        });

    [Fact]
    public void Every_decision_gives_reasons_and_none_carries_text_of_the_model() =>
        ForEveryWorld(world =>
        {
            var decisions = world.Decide();
            Assert.NotEmpty(decisions);
            Assert.Equal(decisions.Count, decisions.Select(decision => (decision.Action, decision.Target.Key)).Distinct().Count());
            Assert.All(
                decisions,
                decision =>
                {
                    Assert.NotEmpty(decision.Reasons);
                    Assert.InRange(decision.Confidence, 0, 100);
                    Assert.Equal(world.Policy.Hash, decision.PolicyHash);
                    Assert.True(decision.Action.Length is > 0 and <= 65 && !decision.Action.Any(char.IsControl));
                }
            );
        });

    [Fact]
    public void More_caution_in_the_policy_never_yields_less_in_the_decision() =>
        ForEveryWorld(world =>
        {
            var random = new Random(world.Seed ^ 0x5f5f);
            var stricter = world with { Parts = MoreCaution.Of(world.Parts, random) };
            var after = Decider.Decide(world.Alert, world.Assessment, world.Facts, new Policy([], stricter.Parts));
            foreach (var before in world.Decide())
            {
                var same = after.SingleOrDefault(decision => decision.Action == before.Action && decision.Target.Key == before.Target.Key);
                if (before.Target.Kind == "alert" && ActionRule.ForPeople.Contains(before.Action))
                    Assert.True(
                        before.Kind != DecisionKind.Run
                            || same?.Kind == DecisionKind.Run
                            || after.Any(decision => decision.Kind == DecisionKind.Tell),
                        $"{before.Action} no longer runs"
                    );
                else
                    AssertNoLess(before, same ?? throw new InvalidOperationException($"{before.Action} on {before.Target.Key} is gone"));
            }
        });

    private static void AssertNoLess(Decision before, Decision after)
    {
        Assert.True(
            Ruling.Caution(after.Kind) >= Ruling.Caution(before.Kind),
            $"{before.Action} on {before.Target.Key}: {before.Kind} became {after.Kind}"
        );
        if (before.Kind == DecisionKind.Ask && after.Kind == DecisionKind.Ask)
            Assert.True(after.Quorum >= before.Quorum, $"{before.Action}: quorum {before.Quorum} became {after.Quorum}");
    }

    [Fact]
    public void The_order_of_recommendations_does_not_matter() =>
        ForEveryWorld(world =>
        {
            var shuffled = world.Assessment.Recommendations.ToArray();
            new Random(world.Seed).Shuffle(shuffled);
            Assert.Equal(
                Bytes(world.Decide()),
                Bytes((world with { Assessment = world.Assessment with { Recommendations = shuffled } }).Decide())
            );
        });

    [Fact]
    public void The_same_input_gives_the_same_bytes_also_after_a_journey_as_JSON() =>
        ForEveryWorld(world =>
        {
            var facts = JsonSerializer.Deserialize<Facts>(JsonSerializer.Serialize(world.Facts))!;
            var assessment = JsonSerializer.Deserialize<AlertAssessment>(JsonSerializer.Serialize(world.Assessment))!;
            var again = Scenario.From(world.Seed) with { Facts = facts, Assessment = assessment };
            Assert.Equal(Bytes(world.Decide()), Bytes(again.Decide()));
        });

    /// <summary>Properties about what runs mean little where nothing runs.</summary>
    [Fact]
    public void The_generated_worlds_reach_every_outcome()
    {
        var decisions = Enumerable
            .Range(0, 2_000)
            .Select(seed => Scenario.From(seed).Decide().Where(decision => decision.Target.Kind != "alert").ToArray())
            .ToArray();
        var shares = new List<string>();
        foreach (var kind in Enum.GetValues<DecisionKind>().Reverse())
        {
            var share = decisions.Count(world => world.Any(decision => decision.Kind == kind)) / 2_000.0;
            shares.Add($"{kind} in {share:P0} of the worlds");
            Assert.True(share > 0.15, string.Join(", ", shares));
        }

        var several = decisions.Count(world => world.Count(decision => decision.Kind == DecisionKind.Run) > 1) / 2_000.0;
        Assert.True(several > 0.03, $"several run in {several:P0} of the worlds");
    }

    private static byte[] Bytes(IReadOnlyList<Decision> decisions) => JsonSerializer.SerializeToUtf8Bytes(decisions);

    /// <summary>A second opinion on S9, written without the lookups of the code: everything is compared with everything.</summary>
    private static bool IsProtected(Scenario world, Decision decision)
    {
        var names = NamesOf(world, decision.Target);
        var lifted = world.Parts.Exceptions.Any(exception =>
            exception.Effect == ExceptionEffect.Lift
            && exception.CountsAt(world.Facts.Now)
            && exception.IsAbout(decision.Action)
            && (Matches(exception.Id, [decision.Target.Id, .. AliasesOf(world, decision.Target)]))
        );
        return IsUntouchable(world, decision)
            || names.Any(name =>
                world.Facts.Approvers.Contains(name, StringComparer.OrdinalIgnoreCase) || world.Policy.Approvers.Contains(name)
            )
            || (!lifted && world.Parts.Protected.Any(entry => entry.CountsAt(world.Facts.Now) && Matches(entry.Id, names)));
    }

    private static bool IsUntouchable(Scenario world, Decision decision)
    {
        if (decision.Tier == 3)
            return false;
        var names = NamesOf(world, decision.Target);
        return names.Any(name => world.Facts.OwnIdentities.Contains(name, StringComparer.OrdinalIgnoreCase))
            || world.Facts.Identities.GetValueOrDefault(decision.Target.Key)?.Type == IdentityType.BreakGlass
            || world.Parts.Protected.Any(entry => entry.BreakGlass && Matches(entry.Id, names));
    }

    private static IReadOnlyList<string> AliasesOf(Scenario world, Target target) =>
        world.Facts.Identities.GetValueOrDefault(target.Key)?.Aliases ?? [];

    private static List<string> NamesOf(Scenario world, Target target)
    {
        var names = new List<string> { target.Id };
        names.AddRange(AliasesOf(world, target));
        foreach (var entity in world.Alert.Entities.Where(entity => Targets.Of(entity)?.Key == target.Key))
        {
            if (entity is AccountEntity { UserPrincipalName: { } name })
                names.Add(name);
            if (entity is HostEntity { HostName: { } host })
                names.Add(host);
            if (entity is ApplicationEntity { AppId: { } app })
                names.Add(app);
            if (entity is MailboxEntity { PrimaryAddress: { } address })
                names.Add(address);
        }

        return names;
    }

    private static bool Matches(string registered, IReadOnlyList<string> names) =>
        names.Any(name =>
            name.Equals(registered, StringComparison.OrdinalIgnoreCase)
            || (
                Mapped(name) is { } address
                && (
                    registered.Contains('/', StringComparison.Ordinal)
                        ? IPNetwork.Parse(registered) is var network
                            && network.Contains(network.BaseAddress.AddressFamily == address.AddressFamily ? address : address.MapToIPv6())
                        : Mapped(registered)?.Equals(address) == true
                )
            )
        );

    private static IPAddress? Mapped(string text) =>
        IPAddress.TryParse(text, out var address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) : null;
}
