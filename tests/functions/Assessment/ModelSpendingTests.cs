using IRFunctions.Containment;
using IRFunctions.Local.Model;
using IRFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Budgets, kept answers and planted strings, seen from the whole incident: what people read, and what does not happen without them.
/// </summary>
public sealed class ModelSpendingTests
{
    [Fact]
    public async Task Tokens_of_each_alert_are_on_its_view_and_on_the_record()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Matches(@"\(\d{3,4} \+ \d{2,3} tokens, [\d.]+ s\)", incident.Assessment);
        var entry = (await world.RecordAsync(incident.Incident)).Single(e => e.Kind == "assessed");
        Assert.Matches(@"""inputTokens"":\d{3,4}\b", entry.Data);
    }

    [Fact]
    public async Task Over_budget_people_take_over_and_the_queue_keeps_moving_S10_S12()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?> { ["Model:TokensPerHour"] = "10000" },
            }
        );
        for (var i = 0; i < 8; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i + 1}"));
        await world.RunAsync();
        await world.AssertAllAccountedAsync(8);
        var over = (await world.IncidentsAsync())
            .Where(i => i.Assessment.Contains("tokens an hour is used up", StringComparison.Ordinal))
            .ToList();
        Assert.InRange(over.Count, 1, 7);
        Assert.Equal(8 - over.Count, world.Containing().Count); // the rules' answer contains nothing by itself
        foreach (var incident in over)
        {
            Assert.Contains(incident.Decisions, d => d is { Action: "send_analyst_notification", Ending: Ending.Done });
            Assert.Contains(incident.Decisions, d => d is { Action: "create_alert_ticket", Ending: Ending.Done });
        }
    }

    [Fact]
    public async Task While_the_store_of_the_budget_is_down_people_take_over_and_the_queue_keeps_moving_S10_S12()
    {
        var time = World.NewClock();
        var tables = new StubbornTables(time) { Refuses = (table, _) => table == IRFunctions.Assessment.Classifier.SpendingTable };
        await using var world = await World.CreateAsync(
            time: time,
            replace: services => services.AddSingleton<Azure.Data.Tables.TableServiceClient>(tables)
        );
        for (var i = 0; i < 8; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i + 1}"));
        await world.RunAsync();
        await world.AssertAllAccountedAsync(8);
        Assert.Equal(0, world.Machine.Model.Answered);
        Assert.Empty(world.Containing());
        Assert.All(
            await world.IncidentsAsync(),
            i => Assert.Contains("could not be checked, so the model was not asked", i.Assessment, StringComparison.Ordinal)
        );
        Assert.Equal(8, world.Effects("ticket.create").Count - 1 + world.Effects("ticket.comment").Count); // One is that of the flood.
        Assert.True(world.Machine.Tenant.Journal.Of("page.trigger", null).Count >= 8); // Those of a flood are sent and do not ring.

        tables.Refuses = (_, _) => false;
        await world.PassAsync(TimeSpan.FromSeconds(11));
        await world.SendAsync(Given.MaliciousAddress("after", "203.0.113.200"));
        await world.RunAsync();
        Assert.Single(world.Containing());
    }

    [Fact]
    public async Task The_same_alert_again_is_answered_from_before_and_says_so()
    {
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= 2; i++)
        {
            // Nothing in it can be acted on: what we did would be something new to know.
            var alert = Given.Sample("securityalert-row-ransomware.json");
            alert["SystemAlertId"] = $"again-{i}";
            await world.SendAsync(alert);
            await world.RunAsync();
            await world.PassAsync(TimeSpan.FromMinutes(30));
        }
        Assert.Contains(
            await world.IncidentsAsync(),
            i =>
                i.Assessment.Contains("answered at ", StringComparison.Ordinal)
                && i.Assessment.Contains("to the same question", StringComparison.Ordinal)
        );
        Assert.Equal(1, world.Machine.Model.Answered);
    }

    [Fact]
    public async Task A_model_that_turns_its_instructions_out_marks_the_alert_as_an_injection_attempt_and_people_decide_S12()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Model.Behave(ModelBehaviour.Leak);
        await world.SendAsync(Given.MaliciousAddress());
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();

        await world.AssertAllAccountedAsync(2);
        Assert.Empty(world.Containing());
        Assert.Equal(2, world.Effects("ticket.create").Count);
        foreach (var incident in await world.IncidentsAsync())
        {
            var record = await world.RecordAsync(incident.Incident);
            Assert.Contains(record, e => e.Kind == "injection" && e.Text.StartsWith("injection attempt", StringComparison.Ordinal));
            Assert.Contains(incident.Decisions, d => d is { Action: "send_analyst_notification", Ending: Ending.Done });
            Assert.DoesNotContain(
                incident.Decisions,
                d => d.Ending == Ending.Done && !d.Target.StartsWith("alert:", StringComparison.Ordinal)
            );
            Assert.Contains(
                record,
                e => e.Kind == "decided" && e.Text.Contains("attempt to take the model over", StringComparison.Ordinal)
            );
            // Neither string stands anywhere that people or the next model can read it.
            Assert.DoesNotContain(
                record,
                e =>
                    e.Text.Contains("are secret", StringComparison.Ordinal)
                    || e.Data?.Contains("are secret", StringComparison.Ordinal) == true
            );
        }
    }
}
