using System.Net.Http.Json;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.RealProgram;

namespace IRFunctions.Tests.OnAzurite;

/// <summary>
/// Whole incidents on the engine, the table client and the blobs that run in Azure, in real time: the program itself with --azurite, driven
/// over HTTP.
/// </summary>
[Collection(nameof(AzuriteRun))] // One after the other: each has an engine and an Azurite.
public sealed class WholeIncidentTests
{
    [Fact]
    public async Task Approved_it_is_contained_once_and_released_once_and_a_clean_end_keeps_everything_S3_S5_S6()
    {
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.StolenAccount());
        await run.AnswerAsync(await run.Program.PendingApprovalAsync(), "approve");
        await run.UntilAsync("Live");
        await run.UntilEndedAsync(1);
        Assert.Equal(1, await run.EffectsAsync());

        await run.Program.SignalAsync("TERM");
        Assert.Equal(0, await run.Program.EndAsync());
        Assert.False(File.Exists(Path.Combine(run.State, "azurite", "process.id")), "Azurite was not closed");
        await run.StartAgainAsync();
        Assert.Equal("Live", await run.Program.StatusOfAsync(AzuriteRun.Containment));
        await run.ReleaseAsync();
        await run.UntilAsync("Released");
        Assert.Equal(2, await run.EffectsAsync()); // off once, on once
        var kinds = (await run.RecordAsync(Assert.Single(await run.IncidentsAsync()))).Select(e => e.Kind).ToList();
        string[] story =
        [
            AuditKinds.Received,
            AuditKinds.Asked,
            AuditKinds.Granted,
            AuditKinds.Outcome,
            AuditKinds.ReleaseAsked,
            AuditKinds.Undoing,
            AuditKinds.Undone,
        ];
        Assert.Equal(story, kinds.Where(story.Contains));
    }

    [Fact]
    public async Task Denied_nothing_is_done_and_the_incident_ends_S3()
    {
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.StolenAccount());
        await run.AnswerAsync(await run.Program.PendingApprovalAsync(), "deny");
        await run.UntilEndedAsync(1);
        Assert.Equal(0, await run.EffectsAsync());
        Assert.Equal("None", await run.Program.StatusOfAsync(AzuriteRun.Containment));
        var record = await run.RecordAsync(Assert.Single(await run.IncidentsAsync()));
        Assert.Single(record, e => e.Kind == AuditKinds.Denied);
        Assert.DoesNotContain(record, e => e.Kind == AuditKinds.Executing && e.Text.Contains("disable_user", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_incidents_hold_one_account_that_is_disabled_once_and_enabled_once_on_both_records_S6()
    {
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.StolenAccount());
        await run.Program.SendAlertAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await run.UntilRecordedAsync(AuditKinds.JoinedRequest, "the second incident has joined the first one's request");
        await run.AnswerAsync(await run.Program.PendingApprovalAsync(), "approve");
        await run.UntilEndedAsync(2);
        Assert.Equal(1, await run.EffectsAsync());
        Assert.Equal(2, await run.HoldsAsync());
        await run.ReleaseAsync();
        await run.UntilAsync("Released");
        Assert.Equal(2, await run.EffectsAsync());
        foreach (var incident in await run.IncidentsAsync())
            Assert.Single(await run.RecordAsync(incident), e => e.Kind == AuditKinds.Undone);
    }

    [Fact]
    public async Task Nobody_confirms_it_and_it_is_rolled_back_by_the_engines_own_timer_S7()
    {
        using var policies = HoldsOf("10 s");
        await using var run = await AzuriteRun.StartAsync("--policies", policies.Path);
        await run.Program.SendAlertAsync(Given.StolenAccount());
        await run.AnswerAsync(await run.Program.PendingApprovalAsync(), "approve");
        await run.UntilAsync("RolledBack");
        Assert.Equal(2, await run.EffectsAsync());
        Assert.Single(await run.RecordAsync(Assert.Single(await run.IncidentsAsync())), e => e.Kind == AuditKinds.Undone);
    }

    /// <summary>The effect is announced on the record and asked of a tenant that does not answer.</summary>
    [Fact]
    public async Task Killed_between_announcement_and_effect_it_is_contained_once_after_the_stall_S7_S11()
    {
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.StolenAccount());
        var approval = await run.Program.PendingApprovalAsync();
        using var answer = await run.Program.Http.PutAsJsonAsync(
            "local/tenant/faults",
            new
            {
                kind = nameof(FaultKind.Slow),
                path = "/graph/*",
                method = "PATCH",
                seconds = 3600,
                count = 1,
            }
        );
        Assert.True(answer.IsSuccessStatusCode);
        await run.AnswerAsync(approval, "approve");
        await run.UntilExecutingAsync();
        Assert.Equal(0, await run.EffectsAsync());
        await run.Program.KillAsync();
        await run.StartAgainAsync();
        await EndsWellAsync(run);
    }

    [Fact]
    public async Task Killed_as_soon_as_the_effect_is_there_it_is_not_done_again_S7()
    {
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.StolenAccount());
        await run.AnswerAsync(await run.Program.PendingApprovalAsync(), "approve");
        await run.Program.UntilAsync(async () => await run.EffectsAsync() == 1, "the account is disabled");
        await run.Program.KillAsync();
        await run.StartAgainAsync();
        await EndsWellAsync(run);
    }

    private static async Task EndsWellAsync(AzuriteRun run)
    {
        await run.UntilEndedAsync(1);
        Assert.Equal("Live", await run.Program.StatusOfAsync(AzuriteRun.Containment));
        Assert.Equal(1, await run.EffectsAsync());
        await run.ReleaseAsync();
        await run.UntilAsync("Released");
        Assert.Equal(2, await run.EffectsAsync());
        var record = await run.RecordAsync(Assert.Single(await run.IncidentsAsync()));
        Assert.Single(record, e => e.Kind == AuditKinds.Asked);
        Assert.Single(record, e => e.Kind == AuditKinds.Undone);
    }

    /// <summary>The shipped policy, but an account stays disabled for so long only.</summary>
    private static TempFolder HoldsOf(string duration)
    {
        var folder = new TempFolder();
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "policies"), "*.yaml"))
        {
            var text = File.ReadAllText(file);
            if (Path.GetFileName(file) == "actions.yaml")
            {
                const string shipped = "approval_timeout: 15 min\n    max_duration: 2 h\n    checks: [not_an_approved_job";
                Assert.Contains(shipped, text, StringComparison.Ordinal);
                text = text.Replace(shipped, shipped.Replace("2 h", duration, StringComparison.Ordinal), StringComparison.Ordinal);
            }
            File.WriteAllText(Path.Combine(folder.Path, Path.GetFileName(file)), text);
        }
        return folder;
    }
}
