using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;
using IRFunctions.Tests.Recording;

namespace IRFunctions.Tests.Stories;

public sealed class ReadingTests
{
    private const string Adele = "00000000-0000-4000-8000-0000000000a1";
    private const string Megan = "00000000-0000-4000-8000-0000000000a2";
    private readonly RecordRig rig = new();

    [Fact]
    public async Task A_story_says_why_in_three_sentences()
    {
        await rig.IncidentAsync("incident-1");
        var story = Story.Of(await rig.Chain.ReadAsync("incident-1"))!;
        Assert.Equal(
            [
                "On 23 November 2026 at 03:00:00 UTC: Entra ID Protection reported \"Unfamiliar sign-in properties\" (high), "
                    + "about user a1.",
                "The model took it for a real attack, 92% sure, and the policy let the pipeline switch off the account user a1 by "
                    + "itself, because the action is reversible and the confidence is high.",
                "User a1 cannot sign in since 03:00:02 UTC.",
            ],
            story.Why
        );
        Assert.DoesNotContain(story.Lines, l => l.Kind == AuditKinds.Executing); // What was done says it better.
    }

    [Fact]
    public async Task What_somebody_changed_behind_us_and_what_was_left_to_people_is_said()
    {
        await rig.IncidentAsync("incident-1");
        var about = new About("disable_user_account_temporarily", $"account:{Adele}", "user a1");
        await rig.Chain.AppendAsync(
            "incident-1",
            [
                RecordRig.Fact("told", ContainmentKinds.Notified, "people were told what was done and how to take it back", null, about),
                RecordRig.Fact("unheard", AuditKinds.Failed, "people could not be told: the pager is down", null, about),
            ]
        );
        Assert.Equal("User a1 cannot sign in since 03:00:02 UTC.", Story.Of(await rig.Chain.ReadAsync("incident-1"))!.Why[2]);
        var tell = new
        {
            kind = "Tell",
            tier = 3,
            reasons = new[] { new { rule = "tier", text = "tier 3, never run: the outage may cost more than the attack" } },
        };
        await rig.Chain.AppendAsync(
            "incident-1",
            [
                RecordRig.Fact("drift", ContainmentKinds.Drifted, "it is not in effect any more", new { generation = 1 }, about),
                RecordRig.Fact("tell", AuditKinds.Decided, "tell", tell, new About("isolate_production_host", "alert:a", "the alert")),
            ]
        );
        var story = Story.Of(await rig.Chain.ReadAsync("incident-1"))!;
        Assert.Equal("User a1 was changed by someone else behind us and is left so; people were told.", story.Why[2]);
        Assert.Contains(
            story.Lines,
            l => l.Words == "Whether to isolate production host was left to people: the outage may cost more than the attack."
        );
        Assert.Equal(
            ["changed by someone else"],
            AttackChains.StepOf(await rig.Chain.ReadAsync("incident-1"))!.Value.Step.Answers.Select(a => a.Outcome)
        );
    }

    [Theory]
    [InlineData("user a1")]
    [InlineData(" USER A1 ")]
    [InlineData("mailto:usera1@example.com")]
    [InlineData("{00000000-0000-4000-8000-0000000000A1}")]
    public async Task A_search_by_any_name_and_spelling_finds_what_was_done_under_the_object_id(string name)
    {
        await rig.IncidentAsync("incident-1", Adele);
        await rig.Checkpointer.RunAsync();
        var found = await rig.Index.FindAsync(new RecordQuery(DateTimeOffset.UnixEpoch, rig.Time.GetUtcNow(), name));
        Assert.Contains(found, e => e.Kind == AuditKinds.Executed);
    }

    [Fact]
    public async Task A_search_by_entity_finds_what_was_seen_and_done_in_its_time()
    {
        await rig.IncidentAsync("incident-1", Adele);
        rig.Time.Advance(TimeSpan.FromHours(3));
        await rig.IncidentAsync("incident-2", Megan);
        rig.Time.Advance(TimeSpan.FromHours(3));
        await rig.IncidentAsync("incident-3", Adele);
        await rig.Checkpointer.RunAsync();
        var (start, now) = (new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero), rig.Time.GetUtcNow());
        var all = await rig.Index.FindAsync(new RecordQuery(start, now, Adele));
        Assert.Equal(["incident-1", "incident-3"], all.Select(e => e.Chain).Distinct());
        Assert.Contains(all, e => e.Kind == AuditKinds.Executed);
        Assert.Equal(
            ["incident-3"],
            (await rig.Index.FindAsync(new RecordQuery(start.AddHours(6), now, "USERA1@example.com"))).Select(e => e.Chain).Distinct()
        );
        Assert.Equal(2, (await rig.Index.FindAsync(new RecordQuery(start, now, Adele, AuditKinds.Executed))).Count);
        Assert.Equal(5, (await rig.Index.FindAsync(new RecordQuery(start, now, Top: 5))).Count);
        Assert.Equal(
            "incident-2",
            Assert.Single(
                (await rig.Index.FindAsync(new RecordQuery(start.AddHours(5), start.AddHours(7)))).Select(e => e.Chain).Distinct()
            )
        );
    }

    [Fact]
    public async Task Incidents_that_share_things_become_one_attack_and_others_stay_out()
    {
        await rig.IncidentAsync("incident-1", Adele);
        rig.Time.Advance(TimeSpan.FromHours(1));
        await rig.IncidentAsync("incident-2", Adele, "Suspicious inbox rule", "LateralMovement");
        await rig.IncidentAsync("incident-9", Megan);
        rig.Time.Advance(TimeSpan.FromDays(5));
        await rig.IncidentAsync("incident-3", Adele); // Too long after to be the same attack.
        await rig.Checkpointer.RunAsync();
        var chain = (await new AttackChains(rig.Chain, rig.Index).AroundAsync("incident-2"))!;
        Assert.Equal(["incident-1", "incident-2"], chain.Steps.Select(s => s.Incident));
        Assert.Equal(["Initial access", "Lateral movement"], chain.Steps.Select(s => s.Phase));
        Assert.Contains(Adele, Assert.Single(chain.Links).Shared);
        Assert.All(chain.Steps, s => Assert.Equal("in effect", Assert.Single(s.Answers).Outcome));
        Assert.Equal(["user a1"], chain.Links[0].Things);
        var html = AttackPicture.Html(chain);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_on_every_machine_ties_nothing_together()
    {
        await rig.IncidentAsync("incident-1", "s-1-5-18");
        Assert.DoesNotContain("s-1-5-18", AttackChains.StepOf(await rig.Chain.ReadAsync("incident-1"))!.Value.Names.Keys);
        // Its other name, the address, still counts.
        Assert.NotEmpty(AttackChains.StepOf(await rig.Chain.ReadAsync("incident-1"))!.Value.Names);
    }

    [Fact]
    public async Task A_thing_in_too_many_incidents_ties_nothing_together()
    {
        for (var i = 0; i < AttackChains.MostIncidentsOfAThing + 2; i++)
            await rig.IncidentAsync($"incident-{i}", Adele);
        await rig.Checkpointer.RunAsync();
        var chain = (await new AttackChains(rig.Chain, rig.Index).AroundAsync("incident-3"))!;
        Assert.Single(chain.Steps);
        Assert.Contains(chain.NotFollowed, n => n.StartsWith(Adele, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hostile_titles_cannot_leave_their_place_in_the_picture()
    {
        await rig.IncidentAsync("incident-1", title: "</title><script>alert(1)</script>\u202e");
        var step = AttackChains.StepOf(await rig.Chain.ReadAsync("incident-1"))!.Value.Step;
        var html = AttackPicture.Html(new AttackChain("incident-1", [step], [], ["<b>"]));
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', html);
    }

    [Fact]
    public async Task Every_entry_is_a_valid_OCSF_event()
    {
        await rig.IncidentAsync("incident-1");
        await rig.Chain.AppendAsync("pipeline", [RecordRig.Fact("s", AuditKinds.StopEngaged, "stop")]);
        using var stream = new MemoryStream();
        Assert.Equal(8, await rig.Export.WriteOcsfAsync(stream, null));
        var events = System
            .Text.Encoding.UTF8.GetString(stream.ToArray())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonNode.Parse(l)!.AsObject())
            .ToList();
        foreach (var e in events)
        {
            int Number(string name) => e[name]!.GetValue<int>();
            foreach (var required in (string[])["activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata"])
                Assert.NotNull(e[required]);
            Assert.Equal(Number("class_uid") * 100 + Number("activity_id"), Number("type_uid"));
            Assert.Equal(Number("class_uid") / 1000, Number("category_uid"));
            Assert.Contains(Number("class_uid"), new[] { 3004, 2004, 7001 });
            Assert.InRange(Number("severity_id"), 0, 6);
            Assert.Equal(Ocsf.SchemaVersion, e["metadata"]!["version"]!.GetValue<string>());
            Assert.NotNull(e["metadata"]!["product"]!["vendor_name"]);
            if (Number("class_uid") == 2004)
                Assert.False(string.IsNullOrEmpty(e["finding_info"]!["uid"]!.GetValue<string>()));
            if (Number("class_uid") == 2004)
                Assert.InRange(Number("activity_id"), 1, 3);
            if (Number("class_uid") == 7001)
                Assert.NotNull(e["command_uid"]);
            foreach (var o in e["observables"]?.AsArray() ?? [])
                Assert.True(o!["name"] is not null && o["type_id"] is not null);
        }
        Assert.Equal([2004, 2004, 2004, 2004, 7001, 7001, 7001, 3004], events.Select(e => e["class_uid"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Shredded_words_are_gone_everywhere_and_the_record_is_still_whole()
    {
        await rig.IncidentAsync("incident-1");
        await rig.IncidentAsync("incident-2");
        await rig.Checkpointer.RunAsync();
        var shredder = new Shredder(rig.Chain, rig.Keys, rig.Index, rig.Time);
        async Task<ShredState> ShredAsync(string by) =>
            (await shredder.ShredAsync("incident-1", by, "the law", StringComparer.Ordinal.Equals)).State;
        Assert.Equal(ShredState.Refused, await ShredAsync("person-1"));
        rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(ShredState.NeedsSecond, await ShredAsync("person-1"));
        Assert.Equal(ShredState.Shredded, await ShredAsync("person-2"));
        await rig.Checkpointer.RunAsync();
        Assert.All(
            await rig.Chain.ReadAsync("incident-1"),
            e => Assert.Equal((ContentState.Shredded, "", null), (e.Content, e.Text, e.Data))
        );
        Assert.DoesNotContain(
            await rig.Index.FindAsync(new RecordQuery(DateTimeOffset.UnixEpoch, rig.Time.GetUtcNow(), Adele)),
            e => e.Chain == "incident-1"
        );
        var report = await rig.VerifyAsync();
        Assert.Empty(report.Findings);
        Assert.Contains(report.Notes, n => n.Contains("7 entries were shredded", StringComparison.Ordinal));
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("late")]); // Life may go on; it gets a new key.
        Assert.Equal("something", (await rig.Chain.ReadAsync("incident-1"))[^1].Text);
        Assert.Contains("made unreadable", Story.Of(await rig.Chain.ReadAsync("incident-1"))!.Why[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_personal_stands_in_the_tables_in_the_clear()
    {
        await rig.IncidentAsync("incident-1");
        await rig.Checkpointer.RunAsync();
        foreach (var name in (string[])[AuditChain.TableName, ChangeJournal.TableName, RecordIndex.TableName])
        {
            await foreach (var row in rig.Tables.GetTableClient(name).QueryAsync<Azure.Data.Tables.TableEntity>())
            {
                var text = JsonSerializer.Serialize(
                    row.ToDictionary(
                        p => p.Key,
                        p => p.Value is byte[] bytes ? System.Text.Encoding.Latin1.GetString(bytes) : p.Value?.ToString()
                    )
                );
                Assert.DoesNotContain("example.com", text, StringComparison.Ordinal);
                Assert.DoesNotContain(Adele, text, StringComparison.Ordinal);
            }
        }
    }
}
