using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Recording;

/// <summary>The record of whole incidents, as the pipeline writes it.</summary>
public sealed class PipelineRecordTests
{
    private static async Task<(World World, string Incident)> ContainedAsync()
    {
        var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        foreach (var (id, _) in await world.PendingAsync())
            Assert.InRange(await world.AnswerAsync(id, World.Alex, "approve"), 200, 202);
        await world.RunAsync();
        return (world, (await world.IncidentsAsync())[0].Incident);
    }

    private static async Task<int> RestoreAsync(World world, string point, string? by = World.Alex)
    {
        var api = ActivatorUtilities.CreateInstance<RecoveryApi>(world.Machine.Services);
        var answer = await api.RestoreAsync(World.Request(by, new { reason = "it was a false alarm" }), point, world.Client, default);
        return answer is ObjectResult o ? o.StatusCode ?? 200 : 0;
    }

    private static async Task<VerifyReport> VerifyAsync(World world)
    {
        await world.Machine.Services.GetRequiredService<Checkpointer>().RunAsync();
        using var stream = new MemoryStream();
        await world.Machine.Services.GetRequiredService<RecordExport>().WriteAllAsync(stream);
        stream.Position = 0;
        return await RecordVerifier.VerifyAsync(
            stream,
            [await world.Machine.Services.GetRequiredService<ICheckpointKey>().PublicAsync(default)]
        );
    }

    [Fact]
    public async Task A_day_of_incidents_verifies()
    {
        var (world, _) = await ContainedAsync();
        await using var owned = world;
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        for (var i = 0; i < 6; i++)
            await world.PassAsync(TimeSpan.FromHours(12));
        var report = await VerifyAsync(world);
        Assert.Empty(report.Findings);
        Assert.True(report.Checkpoints >= 2);
    }

    [Fact]
    public async Task Entries_say_policy_prompt_reasons_authority_target_and_parameters()
    {
        var (world, incident) = await ContainedAsync();
        await using var owned = world;
        var record = await world.RecordAsync(incident);
        JsonElement Data(string kind) =>
            JsonDocument
                .Parse(
                    record
                        .First(e =>
                            e.Kind == kind
                            && (
                                kind is AuditKinds.Received or AuditKinds.Assessed
                                || e.Data!.Contains("disable_user", StringComparison.Ordinal)
                            )
                        )
                        .Data!
                )
                .RootElement;
        var received = Data(AuditKinds.Received);
        Assert.Equal(incident, received.GetProperty("correlation").GetString());
        Assert.Equal("High", received.GetProperty("severity").GetString());
        Assert.Equal(64, received.GetProperty("policyHash").GetString()!.Length);
        Assert.Contains(
            received.GetProperty("entities").EnumerateArray(),
            e => e.GetProperty("names").EnumerateArray().Any(n => n.GetString() == World.Adele)
        );
        Assert.Equal(64, Data(AuditKinds.Assessed).GetProperty("promptHash").GetString()!.Length);
        var decided = Data(AuditKinds.Decided);
        Assert.True(decided.GetProperty("reasons").GetArrayLength() > 0);
        Assert.Equal($"account:{World.Adele}", decided.GetProperty("about").GetProperty("target").GetString());
        var executing = Data(AuditKinds.Executing);
        Assert.Equal(World.Alex, executing.GetProperty("approvers")[0].GetString());
        Assert.Equal(64, executing.GetProperty("actionHash").GetString()!.Length);
        Assert.Equal("02:00:00", executing.GetProperty("maxDuration").GetString());
        Assert.Equal("enabled", Data(AuditKinds.Captured).GetProperty("value").GetString());
    }

    [Fact]
    public async Task A_recovery_point_is_restored_the_way_of_every_undo()
    {
        var (world, incident) = await ContainedAsync();
        await using var owned = world;
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.Machine.Services.GetRequiredService<Checkpointer>().RunAsync();
        var point = Assert.Single(await world.Machine.Services.GetRequiredService<RecoveryPoints>().OfIncidentAsync(incident));
        Assert.Equal((true, true, null), (point.Verified, point.Sealed, point.Restorable));
        Assert.Equal(403, await RestoreAsync(world, point.Id, World.Outsider));
        Assert.Equal(403, await RestoreAsync(world, point.Id, World.Adele)); // It is about her.
        Assert.Equal(202, await RestoreAsync(world, point.Id));
        Assert.Equal(202, await RestoreAsync(world, point.Id)); // The same person twice is one.
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(202, await RestoreAsync(world, point.Id, World.Sam));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Released, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Contains(AuditKinds.RestoreAsked, await world.KindsAsync(incident));
        Assert.Contains(AuditKinds.Undone, await world.KindsAsync(incident));
        Assert.Equal(409, await RestoreAsync(world, point.Id)); // There is nothing left to restore, and it says so.
    }

    [Fact]
    public async Task A_recovery_point_on_a_broken_chain_is_not_restored()
    {
        var (world, incident) = await ContainedAsync();
        await using var owned = world;
        var table = world.Machine.Services.GetRequiredService<TableServiceClient>().GetTableClient(AuditChain.TableName);
        var captured = (await world.RecordAsync(incident)).First(e => e.Kind == AuditKinds.Captured);
        var row = (await table.GetEntityAsync<TableEntity>(incident, RecordRig.RowOf((int)captured.Sequence))).Value;
        row["Actor"] = "somebody";
        await table.UpdateEntityAsync(row, Azure.ETag.All, TableUpdateMode.Replace);
        Assert.Equal(409, await RestoreAsync(world, $"{incident}:{captured.Sequence}"));
        Assert.False(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task The_words_of_an_incident_in_effect_are_not_shredded_and_afterwards_two_people_may_but_not_its_subject_S3()
    {
        var (world, incident) = await ContainedAsync();
        await using var owned = world;
        var api = ActivatorUtilities.CreateInstance<RecoveryApi>(world.Machine.Services);
        async Task<int?> ShredAsync(string by) =>
            ((ObjectResult)await api.ShredAsync(World.Request(by, new { reason = "the law" }), incident, world.Client, default)).StatusCode;
        Assert.Equal(409, await ShredAsync(World.Alex));
        await world.PassAsync(TimeSpan.FromHours(4));
        Assert.Equal(403, await ShredAsync(World.Adele)); // It is about her.
        Assert.Equal(202, await ShredAsync(World.Alex));
        Assert.Equal(202, await ShredAsync(World.Alex)); // The same person twice is one.
        Assert.All(await world.Machine.Audit.ReadAsync(incident), e => Assert.Equal(ContentState.Readable, e.Content));
        Assert.Equal(200, await ShredAsync(World.Sam));
        Assert.All(await world.Machine.Audit.ReadAsync(incident), e => Assert.Equal(ContentState.Shredded, e.Content));
        Assert.Empty((await VerifyAsync(world)).Findings);
    }

    [Fact]
    public async Task The_api_exports_what_verifies_and_tells_the_story()
    {
        var (world, incident) = await ContainedAsync();
        await using var owned = world;
        await world.Machine.Services.GetRequiredService<Checkpointer>().RunAsync();
        var api = ActivatorUtilities.CreateInstance<AuditApi>(world.Machine.Services);
        var lines = await BodyAsync(await api.ExportAsync(World.Request(World.Alex, new { }), incident, default));
        Assert.Empty((await RecordRig.VerifyAsync(lines, null)).Findings);
        Assert.Empty(
            (
                await RecordRig.VerifyAsync(
                    await BodyAsync(await api.ExportAsync(World.Request(World.Alex, new { }), "all", default)),
                    null
                )
            ).Findings
        );
        Assert.IsNotType<OkObjectResult>(await api.StoryAsync(World.Request(null, new { }), incident, default));
        var story = (StoryDetails)((OkObjectResult)await api.StoryAsync(World.Request(World.Alex, new { }), incident, default)).Value!;
        Assert.Equal(3, story.Why.Count);
        Assert.IsAssignableFrom<OkObjectResult>(await api.AttackAsync(World.Request(World.Alex, new { }), incident, default));
        Assert.IsAssignableFrom<OkObjectResult>(await api.FindAsync(World.Request(World.Alex, new { }), default));
    }

    private static async Task<string[]> BodyAsync(IActionResult result)
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Response.Body = body;
        await result.ExecuteResultAsync(new ActionContext { HttpContext = http });
        return Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
