using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>What the checker is told.</summary>
internal sealed partial class Simulation
{
    /// <summary>Hears of each request; before one that changed something is judged, the record is read up to this moment.</summary>
    private void Seen(SeenRequest request)
    {
        if (request.Effects.Count > 0)
        {
            busyUntil = world.Clock.GetUtcNow() + TimeSpan.FromHours(1);
            ReadRecord();
        }
        Note(
            $"{request.By} {request.Method} {request.Path} -> {request.Status} {request.Fault}"
                + string.Concat(request.Effects.Select(e => $" [{e.Effect} {e.Target} {(e.Changed ? "changed" : "same")}]"))
        );
        checker.Request(request);
    }

    /// <summary>New entries of chains that changed, in the record's own wire form.</summary>
    private void ReadRecord()
    {
        if (reading || world.ChangedChains.Count == 0)
            return;
        reading = true;
        var silent = world.Trouble.Silent;
        world.Trouble.Silent = true;
        try
        {
            var audit = world.Machine.Services.GetRequiredService<AuditChain>();
            foreach (var chain in world.ChangedChains.Order(StringComparer.Ordinal).ToList())
            {
                // In memory: it is done when it returns.
                var entries = audit.ReadAsync(chain, read.GetValueOrDefault(chain) + 1, long.MaxValue).GetAwaiter().GetResult();
                foreach (var entry in entries)
                    Entry(JsonNode.Parse(EntryLine.Of(entry).ToJson())!);
            }
            world.ChangedChains.Clear();
        }
        finally
        {
            world.Trouble.Silent = silent;
            reading = false;
        }
    }

    private void Entry(JsonNode line)
    {
        var entry = new SeenEntry(
            (string)line["chain"]!,
            (long)line["sequence"]!,
            DateTimeOffset.Parse((string)line["at"]!, System.Globalization.CultureInfo.InvariantCulture),
            (string)line["kind"]!,
            (string)line["actor"]!,
            (string)line["text"]!,
            (string?)line["data"]
        );
        read[entry.Chain] = entry.Sequence;
        Note($"record {entry.Chain} {entry.Sequence} {entry.Kind} ({entry.Actor}): {entry.Text}");
        checker.Entry(entry);
    }

    private async Task ReadRequestsAsync()
    {
        if (!world.RequestsChanged)
            return;
        world.RequestsChanged = false;
        var list = await world.LookAsync(() => world.CallAsync("GetApprovals", Cast.Alex.Id));
        checker.Requests(list.Body);
    }

    private async Task EndAsync()
    {
        var containments = await world.LookAsync(() => world.CallAsync("GetContainments", Cast.Alex.Id, query: "?all=true"));
        checker.Containments(containments.Body);
        var incidents = await world.LookAsync(() => world.CallAsync("GetIncidents", Cast.Alex.Id, query: "?top=200"));
        checker.End(incidents.Body, [.. world.DeadLetterIds], await VerifyAsync());
    }

    /// <summary>The official verifier on the official export.</summary>
    private async Task<IReadOnlyList<string>> VerifyAsync()
    {
        var services = world.Machine.Services;
        await services.GetRequiredService<Checkpointer>().RunAsync();
        using var export = new MemoryStream();
        await services.GetRequiredService<RecordExport>().WriteAllAsync(export);
        export.Position = 0;
        var report = await RecordVerifier.VerifyAsync(export, [await services.GetRequiredService<ICheckpointKey>().PublicAsync(default)]);
        return [.. report.Findings.Select(f => f.ToString())];
    }

    private void Note(string line) => trace.Append($"{world.Clock.GetUtcNow():dd HH:mm:ss.fff} ").AppendLine(line);
}
