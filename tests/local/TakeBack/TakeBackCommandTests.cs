using IRFunctions.Containment;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.TakeBack;

/// <summary>The pipeline is dead, and what it left in the tenant is put back by hand (S6, S7).</summary>
public sealed class TakeBackCommandTests : IDisposable
{
    private readonly Rehearsed rehearsed = new();

    public void Dispose() => rehearsed.Dispose();

    private Task<(int Code, string Text)> TakeBackAsync(params string[] more) =>
        Rehearsed.TypeAsync(["take-back", "--tables", rehearsed.State, "--log", rehearsed.File("log.jsonl"), .. more]);

    private async Task ContainedAsync(params string[] users)
    {
        await using var world = await rehearsed.StartAsync();
        foreach (var user in users)
            await Rehearsed.ContainAsync(world, user, user[^2..]);
    }

    [Fact]
    public async Task What_the_tables_say_is_live_is_taken_back_where_the_engines_state_is_lost()
    {
        await ContainedAsync(World.Adele, World.Megan);
        rehearsed.Lose("durable.db");
        var (code, text) = await TakeBackAsync("--dry-run");
        Assert.True(code == 0, text);
        Assert.Contains("would be taken back", text, StringComparison.Ordinal);
        Assert.False(File.Exists(rehearsed.File("log.jsonl")));
        (code, text) = await TakeBackAsync();
        Assert.True(code == 0, text);
        Assert.Contains("TAKEN BACK (2)", text, StringComparison.Ordinal);
        Assert.Contains("Everything that was to be taken back is back.", text, StringComparison.Ordinal);
        Assert.True(await rehearsed.CanSignInAsync(World.Adele));
        Assert.True(await rehearsed.CanSignInAsync(World.Megan));
        (code, text) = await Rehearsed.TypeAsync("take-back", "--tables", rehearsed.State);
        Assert.True(code == 0, text);
        Assert.Contains("Nothing is live there", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_names_is_taken_back_and_the_rest_stays()
    {
        await ContainedAsync(World.Adele, World.Megan);
        var (code, text) = await TakeBackAsync("--target", World.Megan, "--target", "nobody-of-this-name");
        Assert.True(code == 0, text);
        Assert.Contains("nothing that is live has 'nobody-of-this-name'", text, StringComparison.Ordinal);
        Assert.False(await rehearsed.CanSignInAsync(World.Adele));
        Assert.True(await rehearsed.CanSignInAsync(World.Megan));
    }

    [Fact]
    public async Task The_last_export_is_enough_where_all_storage_is_gone()
    {
        await ContainedAsync(World.Adele, World.Megan);
        var export = rehearsed.File("record.jsonl");
        var (code, text) = await Rehearsed.TypeAsync("audit", "export", "--state", rehearsed.State, "--out", export);
        Assert.True(code == 0, text);
        rehearsed.Lose("durable.db", "tables.db", "queue.db");
        (code, text) = await Rehearsed.TypeAsync([
            "take-back",
            "--from",
            export,
            "--tenant",
            rehearsed.State,
            "--log",
            rehearsed.File("log.jsonl"),
        ]);
        Assert.True(code == 0, text);
        Assert.Contains("what was contained or released after that is not in it", text, StringComparison.Ordinal);
        Assert.Contains("TAKEN BACK (2)", text, StringComparison.Ordinal);
        Assert.True(await rehearsed.CanSignInAsync(World.Adele));
        Assert.True(await rehearsed.CanSignInAsync(World.Megan));
    }

    [Fact]
    public async Task What_two_incidents_hold_is_taken_back_once_from_an_export()
    {
        await using (var world = await rehearsed.StartAsync())
        {
            await Rehearsed.ContainAsync(world, World.Adele, "a1");
            await Rehearsed.ContainAsync(world, World.Adele, "again");
            Assert.Equal(2, (await world.ContainmentOfAsync(World.Adele)).Holds.Count);
        }
        var export = rehearsed.File("record.jsonl");
        await Rehearsed.TypeAsync("audit", "export", "--state", rehearsed.State, "--out", export);
        var (code, text) = await Rehearsed.TypeAsync([
            "take-back",
            "--from",
            export,
            "--tenant",
            rehearsed.State,
            "--log",
            rehearsed.File("log.jsonl"),
        ]);
        Assert.True(code == 0, text);
        Assert.Contains("TAKEN BACK (1)", text, StringComparison.Ordinal);
        Assert.True(await rehearsed.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_export_that_somebody_changed_is_not_believed()
    {
        await ContainedAsync(World.Adele);
        var export = rehearsed.File("record.jsonl");
        await Rehearsed.TypeAsync("audit", "export", "--state", rehearsed.State, "--out", export);
        var lines = await File.ReadAllTextAsync(export);
        await File.WriteAllTextAsync(export, lines.Replace(World.Adele, World.Megan, StringComparison.Ordinal));
        var (code, text) = await Rehearsed.TypeAsync("take-back", "--from", export, "--tenant", rehearsed.State);
        Assert.Equal(2, code);
        Assert.Contains("This export is not whole", text, StringComparison.Ordinal);
        Assert.False(await rehearsed.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task What_was_released_before_the_export_is_left_alone_and_what_a_person_confirmed_until_it_is_named()
    {
        await using (var world = await rehearsed.StartAsync())
        {
            await Rehearsed.ContainAsync(world, World.Adele, "a1");
            await Rehearsed.ContainAsync(world, World.Megan, "a2");
            Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
            Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Megan), "confirm"));
            await world.PassAsync(TimeSpan.FromMinutes(1));
        }
        var export = rehearsed.File("record.jsonl");
        await Rehearsed.TypeAsync("audit", "export", "--state", rehearsed.State, "--out", export);
        foreach (
            var source in (string[][])
                [
                    ["--tables", rehearsed.State],
                    ["--from", export, "--tenant", rehearsed.State],
                ]
        )
        {
            var (code, text) = await Rehearsed.TypeAsync(["take-back", .. source, "--log", rehearsed.File($"{source[0]}.jsonl")]);
            Assert.True(code == 0, text);
            Assert.Contains("LEFT (1)", text, StringComparison.Ordinal);
            Assert.DoesNotContain(World.Adele, text, StringComparison.Ordinal);
        }
        Assert.False(await rehearsed.CanSignInAsync(World.Megan));
        var (named, said) = await TakeBackAsync("--target", World.Megan);
        Assert.True(named == 0, said);
        Assert.True(await rehearsed.CanSignInAsync(World.Megan));
    }

    [Fact]
    public async Task A_target_that_fails_is_named_and_the_rest_goes_on()
    {
        await ContainedAsync(World.Adele, World.Megan);
        // Megan's row, with an action that no longer exists.
        await using (var world = await rehearsed.StartAsync())
        {
            var holds = world.Machine.Services.GetRequiredService<HoldTable>();
            var row = (await holds.FindAsync(Rehearsed.KeyOf(World.Megan)))!;
            await holds.KeepAsync(row with { State = row.State with { Action = "forgotten_action" } });
        }
        rehearsed.Lose("durable.db");
        var (code, text) = await TakeBackAsync();
        Assert.Equal(1, code);
        Assert.Contains("NOT TAKEN BACK (1)", text, StringComparison.Ordinal);
        Assert.Contains("forgotten_action is not in the catalogue", text, StringComparison.Ordinal);
        Assert.Contains("1 OF 2 HAVE TO BE DONE BY HAND", text, StringComparison.Ordinal);
        Assert.True(await rehearsed.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_pipeline_that_comes_back_leaves_alone_what_people_did_after_the_take_back()
    {
        await ContainedAsync(World.Adele);
        var (code, text) = await TakeBackAsync();
        Assert.True(code == 0, text);
        await using var world = await rehearsed.StartAsync();
        await world.SwitchAccountAsync(World.Adele, enabled: false); // An administrator, for reasons of his own.
        await world.PassAsync(TimeSpan.FromDays(1));
        Assert.False(await world.CanSignInAsync(World.Adele));
        var (_, state) = Assert.Single(await world.ContainmentsAsync());
        Assert.Equal(ContainmentStatus.RolledBack, state.Status);
    }

    [Fact]
    public async Task The_record_takes_the_log_in_once_as_a_claim_with_the_time_at_which_it_was_taken_in()
    {
        await ContainedAsync(World.Adele);
        await TakeBackAsync();
        var log = rehearsed.File("log.jsonl");
        // A log that claims to have been written in another year says nothing about when it was taken in.
        var forged = rehearsed.File("forged.jsonl");
        await File.WriteAllTextAsync(
            forged,
            (await File.ReadAllTextAsync(log)).Replace("\"at\":\"2026", "\"at\":\"2025", StringComparison.Ordinal)
        );
        var (code, text) = await Rehearsed.TypeAsync("take-back", "import", "--log", log, "--tables", rehearsed.State);
        Assert.True(code == 0, text);
        Assert.StartsWith("1 entries were taken in, 0 stood there", text, StringComparison.Ordinal);
        (_, text) = await Rehearsed.TypeAsync("take-back", "import", "--log", log, "--tables", rehearsed.State);
        Assert.StartsWith("0 entries were taken in, 1 stood there", text, StringComparison.Ordinal);
        (_, text) = await Rehearsed.TypeAsync("take-back", "import", "--log", forged, "--tables", rehearsed.State);
        Assert.StartsWith("1 entries were taken in", text, StringComparison.Ordinal);
        await using var world = await rehearsed.StartAsync();
        var incident = Assert.Single(await world.IncidentsAsync()).Incident;
        var claims = (await world.RecordAsync(incident)).Where(e => e.Kind == ContainmentKinds.TakenBack).ToList();
        Assert.Equal(2, claims.Count);
        Assert.All(claims, c => Assert.True(c.At.Year == 2026));
        Assert.Contains("claims for 2025-", claims[1].Text, StringComparison.Ordinal);
        Assert.Contains("without the pipeline", claims[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tables or --from", "take-back")]
    [InlineData("is no folder", "take-back", "--tables", "nowhere")]
    [InlineData("is no backup of holds", "holds", "restore", "--tables", "STATE", "--from", "NOISE")]
    [InlineData("is no header of an exported record", "take-back", "--from", "NOISE")]
    [InlineData("no line of a take-back log", "take-back", "import", "--tables", "STATE", "--log", "NOISE")]
    [InlineData("is neither a folder nor an address of this machine", "take-back", "--tables", "STATE", "--tenant", "https://example.com")]
    public async Task What_cannot_be_read_is_said_in_one_sentence(string expected, params string[] arguments)
    {
        await ContainedAsync(World.Adele);
        await File.WriteAllTextAsync(rehearsed.File("noise"), "noise\nnoise\n");
        string[] typed =
        [
            .. arguments.Select(a =>
                a == "STATE" ? rehearsed.State
                : a == "NOISE" ? rehearsed.File("noise")
                : a
            ),
        ];
        var (code, text) = await Rehearsed.TypeAsync(typed);
        Assert.Equal(2, code);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.False(await rehearsed.CanSignInAsync(World.Adele));
    }
}
