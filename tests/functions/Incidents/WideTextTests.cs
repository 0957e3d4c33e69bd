using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.Local.Engine;
using IRFunctions.People;
using IRFunctions.Record;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// Whole incidents with the widest text that alerts and people can bring, under the limits of the real host (issue 14, fault 5).
/// </summary>
public sealed class WideTextTests
{
    [Fact]
    public async Task A_Japanese_alert_with_eight_files_is_asked_about_and_answered()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(WithFiles(Given.StolenAccount(), 8));
        await world.RunAsync();

        var (id, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal(300, view.Request.Title.Length);
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve", Wide.Japanese(297)));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Equal(Outcome.Acted, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Theory]
    [MemberData(nameof(Wide.Kinds), MemberType = typeof(Wide))]
    public async Task The_longest_reason_in_the_widest_text_is_taken_recorded_and_shown(string kind)
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(WithFiles(Given.StolenAccount(), 10));
        await world.RunAsync();
        var id = Assert.Single(await world.PendingAsync()).Id;
        var reason = Wide.Of(kind, Objection.MaxReason);
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "deny", reason));
        await world.RunAsync();

        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Ending.Denied, Assert.Single(incident.Decisions, d => d.Action == "disable_user_account_temporarily").Ending);
        // What hides or reorders text stands on the record by its name.
        var written = reason
            .ReplaceLineEndings(" ")
            .Replace("\u0001", "[U+0001]", StringComparison.Ordinal)
            .Replace("\u202e", "[U+202E]", StringComparison.Ordinal);
        Assert.Contains(
            await world.RecordAsync(incident.Incident),
            e => e.Kind == AuditKinds.Answered && e.Text.EndsWith(written, StringComparison.Ordinal)
        );
        Assert.Equal(reason, Assert.Single((await world.ViewAsync(id))!.Answers).Reason);
    }

    [Fact]
    public async Task Eight_decisions_with_denials_in_Japanese_have_an_outcome()
    {
        string[] actions = ["disable_user_account_temporarily", "revoke_user_sessions"];
        var answer = ScriptedModel.SureAnswer([.. Enumerable.Range(1, 4).SelectMany(n => actions.Select(a => (a, $"e{n}")))]);
        await using var world = await World.CreateAsync(o => o with { Model = ScriptedModel.Saying(answer) });
        await world.SendAsync(FourAccounts());
        await world.RunAsync();
        var denied = 0;
        while (await world.PendingAsync() is { Count: > 0 } asked)
        {
            foreach (var (id, _) in asked)
                Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "deny", Wide.Japanese(480)));
            denied += asked.Count;
            await world.RunAsync();
        }

        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Outcome.Asked, incident.Outcome);
        Assert.Equal(8, incident.Decisions.Count);
        Assert.InRange(denied, 4, 8);
        Assert.Equal(denied, incident.Decisions.Count(d => d.Ending == Ending.Denied && d.Text.Length == 300));
        Assert.Contains(await world.RecordAsync(incident.Incident), e => e.Kind == AuditKinds.Outcome);
    }

    [Fact]
    public async Task Custom_status_holds_a_state_and_numbers_and_nothing_that_anybody_wrote()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(WithFiles(Given.StolenAccount(), 8));
        await world.RunAsync();
        var seen = 0;
        await foreach (var instance in world.Client.GetAllInstancesAsync(new OrchestrationQuery { FetchInputsAndOutputs = true }))
        {
            if (instance.SerializedCustomStatus is not { } status)
                continue;
            seen++;
            Assert.InRange(status.Length, 2, 100);
            foreach (var (_, value) in JsonNode.Parse(status)!.AsObject())
                Assert.True(
                    value!.GetValueKind() == System.Text.Json.JsonValueKind.Number
                        || Enum.TryParse<ApprovalState>((string)value!, out _)
                        || Enum.TryParse<Outcome>((string)value!, out _),
                    status
                );
        }
        Assert.Equal(2, seen); // the incident and its request
    }

    [Theory]
    [MemberData(nameof(Wide.Kinds), MemberType = typeof(Wide))]
    public void A_target_with_the_longest_id_has_keys_that_storage_and_addresses_take(string kind)
    {
        var target = new Target("mailMessage", Wide.Of(kind, AlertLimits.MaxName), "a message");
        var key = ScheduledRollback.KeyOf("quarantine_email", target);
        var limits = new EngineLimits();
        Assert.Null(limits.WrongEntityId(ScheduledRollback.For("quarantine_email", target).ToString()));
        Assert.Null(limits.WrongEntityId(RateLimit.For("identity", target.Key).ToString()));
        Assert.DoesNotContain(key, c => c is '/' or '\\' or '#' or '?' or '%' || char.IsControl(c));
        Assert.NotEqual(key, ScheduledRollback.KeyOf("quarantine_email", target with { Id = target.Id[..^2] }));
    }

    [Theory]
    [MemberData(nameof(Wide.Kinds), MemberType = typeof(Wide))]
    public void What_is_cut_is_never_longer_than_asked_and_halves_no_character(string kind)
    {
        for (var most = 90; most < 110; most++)
        {
            var cut = TextBounds.OneLine(Wide.Of(kind, 400), most);
            Assert.InRange(cut.Length, most - 1, most);
            Assert.Equal(cut, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut))); // Half a pair would come back as U+FFFD.
        }
    }

    [Fact]
    public void An_exception_carries_no_more_than_an_orchestration_can() =>
        Assert.Equal(4_000, new PermanentFaultException(Wide.Japanese(100_000)).Message.Length);

    [Theory]
    [MemberData(nameof(Wide.Kinds), MemberType = typeof(Wide))]
    public async Task Pages_and_tickets_of_the_widest_text_are_within_what_pagers_and_ticket_systems_take(string kind)
    {
        await using var world = await World.CreateAsync();
        var pager = world.Machine.Services.GetRequiredService<Pager>();
        await pager.PageAsync(Wide.Of(kind, 400), Wide.Of(kind, 5_000), PageSeverity.Error, CancellationToken.None);
        await pager.PageAsync(Wide.Of(kind, 402), Wide.Of(kind, 5_000), PageSeverity.Error, CancellationToken.None);
        var pages = world.Effects("page.trigger");
        Assert.Equal(2, pages.Count); // Long keys stay different.
        Assert.All(pages, p => Assert.InRange(p.Detail.Length, 1_000, 1_024));
        Assert.All(pages, p => Assert.InRange(p.Target.Length, 200, 255));
        Assert.All(pages, p => Assert.Equal(p.Detail, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(p.Detail))));
    }

    private static JsonNode WithFiles(JsonNode alert, int count)
    {
        alert["title"] = Wide.Japanese(400);
        alert["description"] = Wide.Japanese(3_000);
        var evidence = alert["evidence"]!.AsArray();
        for (var n = 0; n < count; n++)
        {
            evidence.Add(
                new JsonObject
                {
                    ["@odata.type"] = "#microsoft.graph.security.fileEvidence",
                    ["fileDetails"] = new JsonObject
                    {
                        ["fileName"] = Wide.Japanese(115) + $"{n}.exe",
                        ["filePath"] = "C:\\" + Wide.Japanese(100),
                        ["sha256"] = new string((char)('a' + n % 6), 64),
                    },
                }
            );
        }
        return alert;
    }

    private static JsonNode FourAccounts()
    {
        var alert = WithFiles(Given.StolenAccount(), 0);
        var evidence = alert["evidence"]!.AsArray();
        var account = evidence[0]!.DeepClone();
        evidence.Clear();
        foreach (var user in (string[])[World.Adele, World.Megan, "00000000-0000-4000-8000-0000000000a4", World.Synced])
        {
            var one = account.DeepClone();
            one["userAccount"]!["azureAdUserId"] = user;
            one["userAccount"]!["displayName"] = Wide.Japanese(110) + user[^1];
            evidence.Add(one);
        }
        return alert;
    }
}
