using System.Text.Json.Nodes;
using IRFunctions.Record;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Incidents;

public sealed class ProbeTests(ITestOutputHelper o)
{
    [Fact]
    public async Task Probe()
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "data", "life"), "*.json").Order())
        {
            o.WriteLine("== " + Path.GetFileName(file));
            await using var world = await World.CreateAsync();
            var json = JsonNode.Parse(File.ReadAllText(file))!;
            foreach (var m in json is JsonArray a ? a.ToArray() : new JsonNode?[] { json })
            {
                if (m!["then"] is { } then)
                {
                    o.WriteLine("   then " + then);
                    foreach (var (id, _) in await world.PendingAsync())
                        await world.AnswerAsync(id, World.Alex, then.ToString().StartsWith("deny") ? "deny" : "approve");
                    await world.RunAsync();
                    foreach (var (id, s) in await world.ContainmentsAsync())
                        if (s.Action.StartsWith("disable"))
                            await world.ChangeAsync(id, "release");
                    await world.RunAsync();
                    await world.PassAsync(TimeSpan.FromHours(1));
                    continue;
                }
                await world.SendAsync(m.DeepClone());
                await world.RunAsync();
            }
            foreach (var i in await world.IncidentsAsync())
                o.WriteLine($"   {i.Incident}#{i.Number} {i.AlertId} {i.Severity} {i.Outcome}: " + string.Join("; ", i.Decisions.Select(d => $"{d.Kind} {d.Action} {d.Target} {d.Display} {d.Ending} {d.Text}")));
            foreach (var (id, v) in await world.PendingAsync())
                o.WriteLine($"   PENDING {v.Request.Decision.Action} {v.Request.Decision.Target}");
            foreach (var p in world.Pages())
                o.WriteLine($"   PAGE {p}");
            foreach (var inc in (await world.IncidentsAsync()).Select(i => i.Incident).Distinct())
                foreach (var e in (await world.RecordAsync(inc)).Where(e => e.Kind == AuditKinds.Decided))
                    o.WriteLine($"   DECIDED {e.Text}");
        }
    }
}
