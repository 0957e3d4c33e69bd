using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;

namespace IRFunctions.Tests.Recording;

/// <summary>A person asks about a person, an address or a host, however they write it and however new it is.</summary>
public sealed class SearchTests
{
    private const string Adele = "00000000-0000-4000-8000-0000000000a1";
    private const string Megan = "00000000-0000-4000-8000-0000000000a2";
    private readonly RecordRig rig = new();

    private Task<IReadOnlyList<AuditEntry>> FindAsync(string name, string? kind = null, int top = 100) =>
        rig.Index.FindAsync(new RecordQuery(DateTimeOffset.UnixEpoch, rig.Time.GetUtcNow(), name, kind, top));

    [Fact]
    public async Task What_is_written_is_found_at_once_without_a_checkpoint()
    {
        await rig.IncidentAsync("incident-1", Adele);
        Assert.Contains(await FindAsync("usera1@example.com"), e => e.Kind == AuditKinds.Executed);
        await rig.Checkpointer.RunAsync();
        var before = (await FindAsync(Adele)).Count;
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        await rig.IncidentAsync("incident-2", Adele);
        await rig.IncidentAsync("incident-3", Megan);
        Assert.Equal(2 * before, (await FindAsync(Adele)).Count);
        Assert.Equal(["incident-1", "incident-2"], (await FindAsync(Adele)).Select(e => e.Chain).Distinct());
        var now = rig.Time.GetUtcNow();
        Assert.Contains("incident-2", await rig.Index.ChainsAboutAsync(Adele, now.AddSeconds(-30), now, 10));
    }

    [Fact]
    public async Task An_entry_on_a_chain_that_is_sealed_is_found_at_once_too()
    {
        await rig.IncidentAsync("incident-1", Adele);
        await rig.Checkpointer.RunAsync();
        var about = new About("disable_user_account_temporarily", $"account:{Adele}", "user a1");
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("u", AuditKinds.Undone, "user can sign in again", null, about)]);
        Assert.Single(await FindAsync(Adele, AuditKinds.Undone));
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.Checkpointer.RunAsync();
        Assert.Single(await FindAsync(Adele, AuditKinds.Undone));
    }

    [Fact]
    public async Task The_oldest_come_first_whether_a_checkpoint_has_seen_them_or_not()
    {
        for (var i = 1; i <= 6; i++)
        {
            await rig.IncidentAsync($"incident-{i}", Adele);
            rig.Time.Advance(TimeSpan.FromHours(1));
            if (i == 3)
                await rig.Checkpointer.RunAsync();
        }
        var all = await FindAsync(Adele);
        for (var top = 1; top < all.Count; top++)
            Assert.Equal(all.Take(top), await FindAsync(Adele, top: top));
    }

    [Theory]
    [InlineData("203.0.113.77")]
    [InlineData(" 203.0.113.77 ")]
    [InlineData("203[.]0[.]113[.]77")]
    [InlineData("203.0.113.77:443")]
    [InlineData("203.0.113.77/32")]
    [InlineData("::ffff:203.0.113.77")]
    [InlineData("[::ffff:203.0.113.77]:8443")]
    [InlineData("::FFFF:CB00:714D")]
    public async Task An_IPv4_address_is_found_however_it_is_written(string asked) =>
        Assert.NotEmpty(await AboutAsync("ip", "203.0.113.77", asked));

    [Theory]
    [InlineData("2001:db8::77")]
    [InlineData("2001:0DB8:0000:0000:0000:0000:0000:0077")]
    [InlineData("[2001:db8::77]")]
    [InlineData("[2001:db8::77]:443")]
    [InlineData("2001:db8::77/128")]
    [InlineData("2001:db8::77%eth0")]
    public async Task An_IPv6_address_is_found_however_it_is_written(string asked) =>
        Assert.NotEmpty(await AboutAsync("ip", "2001:DB8:0::77", asked));

    [Theory]
    [InlineData("web01")]
    [InlineData("WEB01")]
    [InlineData("web01.contoso.example")]
    [InlineData("WEB01.Contoso.Example.")]
    [InlineData("web01[.]contoso[.]example")]
    public async Task A_host_is_found_however_it_is_written(string asked) =>
        Assert.NotEmpty(await AboutAsync("host", "Web01.contoso.example", asked));

    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("203.0.113.770")]
    [InlineData("77")]
    [InlineData("12:443")]
    [InlineData("")]
    public async Task Another_address_is_not(string asked) => Assert.Empty(await AboutAsync("ip", "203.0.113.77", asked));

    private async Task<IReadOnlyList<AuditEntry>> AboutAsync(string type, string name, string asked)
    {
        var entity = new
        {
            id = "e1",
            type,
            display = name,
            names = new[] { name },
        };
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("r", data: new { title = "t", entities = new[] { entity } })]);
        var fresh = await FindAsync(asked);
        await rig.Checkpointer.RunAsync();
        Assert.Equal(fresh, await FindAsync(asked));
        return fresh;
    }

    /// <summary>How it stands after a person changed it, in the words of docs/record.md.</summary>
    [Theory]
    [InlineData(AuditKinds.Confirmed, "User a1 cannot sign in: confirmed, stays until a person releases it.")]
    [InlineData(AuditKinds.Extended, "User a1 cannot sign in: extended by a person until 2026-11-23 09:00:00 UTC.")]
    public async Task A_story_says_what_a_person_changed(string kind, string words)
    {
        await rig.IncidentAsync("incident-1", Adele);
        var about = new About("disable_user_account_temporarily", $"account:{Adele}", "user a1");
        var data = new
        {
            until = kind == AuditKinds.Extended ? new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero) : (DateTimeOffset?)null,
        };
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("p", kind, "Alex asked", data, about)]);
        Assert.Equal(words, Story.Of(await rig.Chain.ReadAsync("incident-1"))!.Why[2]);
    }

    [Fact]
    public async Task What_has_no_way_back_says_so()
    {
        var about = new About("revoke_user_sessions", $"account:{Adele}", "user a1");
        await rig.Chain.AppendAsync(
            "incident-1",
            [
                RecordRig.Fact("r", data: new { title = "t", severity = "High" }),
                RecordRig.Fact("e", AuditKinds.Executing, "about to run", new { reversible = false }, about),
                RecordRig.Fact("d", AuditKinds.Executed, "signed out", null, about),
            ]
        );
        Assert.Equal(
            "User a1 is signed out everywhere since 03:00:00 UTC: security did this, and it cannot be taken back.",
            Story.Of(await rig.Chain.ReadAsync("incident-1"))!.Why[2]
        );
    }
}
