using IRFunctions.Approvals;
using IRFunctions.Incidents;
using IRFunctions.Local.Machine;
using IRFunctions.Record;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>Gives the timeline what is written to the record, and a moment after it what now waits and is in effect.</summary>
internal sealed class Narrator : IDisposable
{
    /// <summary>Entries come in bursts; one look serves them.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(700);

    private readonly LocalMachine machine;
    private readonly Timeline timeline;
    private readonly CancellationToken stop;
    private readonly ITimer look;

    public Narrator(LocalMachine machine, Timeline timeline, CancellationToken stop)
    {
        (this.machine, this.timeline, this.stop) = (machine, timeline, stop);
        look = TimeProvider.System.CreateTimer(_ => _ = StandAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        machine.Audit.Appended += Tell;
    }

    /// <summary>Where an earlier run left something: says what.</summary>
    public async Task ResumeAsync()
    {
        var (before, _) = await machine.Services.GetRequiredService<IncidentTable>().SearchAsync(new IncidentQuery { Top = 1 }, null, stop);
        if (before.Count == 0)
            return;
        var register = machine.Services.GetRequiredService<ApprovalRegister>();
        var requests = new List<string>();
        await foreach (var id in register.PendingAfterAsync("", stop).Take(Listed).WithCancellation(stop))
            requests.Add(await WordsAsync(register, id));
        timeline.Resume(await Standing.ReadAsync(machine, stop), requests);
    }

    private const int Listed = 5;

    public void Dispose()
    {
        machine.Audit.Appended -= Tell;
        look.Dispose();
    }

    private async Task<string> WordsAsync(ApprovalRegister register, string id)
    {
        try
        {
            return await register.ViewAsync(id, stop) is { } view
                ? $"{view.Request.Decision.Action} on {view.Request.Decision.Target.Display}, "
                    + $"until {view.Deadline:yyyy-MM-dd HH:mm:ss} UTC: {id}"
                : id;
        }
        catch (UnreadableRowException e)
        {
            return $"{id}: {e.Message}";
        }
    }

    private void Tell(AuditEntry entry)
    {
        timeline.Show(entry);
        look.Change(Calm, Timeout.InfiniteTimeSpan);
    }

    private async Task StandAsync()
    {
        try
        {
            timeline.Stand(await Standing.ReadAsync(machine, stop));
        }
#pragma warning disable CA1031 // A line of a demonstration; whatever fails there fails elsewhere with better words.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The next entry looks again.
        }
    }
}
