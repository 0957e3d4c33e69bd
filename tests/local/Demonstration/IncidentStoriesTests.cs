using IRFunctions.Local.Demonstration;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Demonstration;

/// <summary>The stories end as they are told.</summary>
public sealed class IncidentStoriesTests
{
    [Fact]
    public async Task A_stolen_service_principal_loses_its_key_after_an_approval_that_signals_led_to()
    {
        var told = await TellAsync(
            s => s.StolenPrincipalAsync(),
            s => Assert.NotEmpty(s.Machine.Tenant.Journal.Of("application.removePassword"))
        );
        foreach (var signal in new[] { "first_time_sensitive_access", "identity_binding_violation", "token_minting" })
            Assert.Contains(told, line => line.Contains($"signal: {signal}: ", StringComparison.Ordinal));
        Assert.Contains(told, line => line.Contains("Decided: ask revoke_api_key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_shared_account_needs_two_people()
    {
        var told = await TellAsync(
            s => s.SharedAccountAsync(),
            s => Assert.False((bool)s.Machine.Tenant.FindUser(TenantSeed.Megan)!["accountEnabled"]!)
        );
        Assert.Contains(told, line => line.Contains("2 people have to approve", StringComparison.Ordinal));
        Assert.Contains(told, line => line.Contains("The playbook shared", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_agent_with_a_leaked_key_is_denied_and_quarantined()
    {
        var told = await TellAsync(
            s => s.LeakedKeyAsync(),
            s => Assert.Contains(s.Machine.Tenant.Journal.Entries, e => e.Effect.StartsWith("connector", StringComparison.Ordinal))
        );
        Assert.Contains(told, line => line.Contains("The gate says Deny", StringComparison.Ordinal));
        Assert.Contains(told, line => line.Contains("exposed_key", StringComparison.Ordinal));
        Assert.Contains(told, line => line.Contains("Decided: run revoke_ephemeral_credentials", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Our_own_disable_sets_off_a_monitoring_alert_that_is_told_so_and_asks()
    {
        var told = await TellAsync(s => s.OwnDisableAsync(), s => Assert.Empty(s.Machine.Tenant.Journal.Of("application.removePassword")));
        Assert.Contains(
            told,
            line =>
                line.Contains("cascade: Megan's mailing", StringComparison.Ordinal)
                && line.Contains("disable_user_account_temporarily at 2026-11-23 03:0", StringComparison.Ordinal)
        );
    }

    private static async Task<List<string>> TellAsync(Func<IncidentStories, Task> tell, Action<IncidentStories> ends)
    {
        var told = new List<string>();
        await using var story = await IncidentStories.OpenAsync(
            Path.Combine(AppContext.BaseDirectory, "policies"),
            Path.Combine(AppContext.BaseDirectory, "samples"),
            told.Add
        );
        await tell(story);
        ends(story);
        Assert.DoesNotContain(Style.Sources.Root, string.Join('\n', told), StringComparison.Ordinal);
        return told;
    }
}
