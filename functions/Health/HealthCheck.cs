using IRFunctions.Limits;
using IRFunctions.Policies;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Health;

/// <summary>How the pipeline is, in words anyone may read.</summary>
/// <param name="Record">Whether the record can be read.</param>
/// <param name="Durable">Whether the durable state can be read, and the global stop.</param>
/// <param name="Tables">When a row was last written.</param>
/// <param name="Entities">Whether entities answer.</param>
/// <param name="Messages">What is known of the queue of alerts, and what cannot be seen from here.</param>
public sealed record HealthReport(
    string Status,
    DateTimeOffset Time,
    string Policy,
    string Record,
    string Durable,
    string Tables,
    string Entities,
    string Messages
);

/// <summary>
/// Looks at what the pipeline needs: the record, the durable state, tables that take rows, entities that answer, alerts that are taken in.
/// Only reads; what it reads the timer <see cref="Heartbeat"/> and the intake have written. One look serves everybody for some seconds.
/// </summary>
public sealed partial class HealthCheck(
    PolicyStore policies,
    AuditChain audit,
    HealthSignals pulse,
    IEnumerable<StorageProbe> probes,
    TimeProvider time,
    ILogger<HealthCheck> log
) : IDisposable
{
    public const string Healthy = "healthy";

    private const string Unhealthy = "unhealthy";
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    /// <summary>The timer runs every five minutes; twice missed, and what the machine may take, is no delay any more.</summary>
    private static readonly TimeSpan Missed = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim looking = new(1);
    private HealthReport? last;

    public async Task<HealthReport> LookAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        if (Fresh() is { } known)
            return known;
        await looking.WaitAsync(cancellation);
        try
        {
            return Fresh() ?? (last = await ReadAsync(client, cancellation));
        }
        finally
        {
            looking.Release();
        }
    }

    public void Dispose() => looking.Dispose();

    private HealthReport? Fresh() => last is { } report && time.GetUtcNow() - report.Time < Kept ? report : null;

    private async Task<HealthReport> ReadAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var record = await TryAsync(async () =>
        {
            await audit.ReadAsync("health", cancellation);
            return (true, "readable");
        });
        var durable = await TryAsync(async () =>
            (true, (await GlobalStop.ReadAsync(client, cancellation)).Engaged ? "readable; global stop engaged" : "readable")
        );
        HealthReading? seen = null;
        var read = await TryAsync(async () =>
        {
            seen = await pulse.ReadAsync(client, cancellation);
            return (true, "");
        });
        var (tables, entities) = seen is null ? (read, read) : (TablesOf(seen, now), EntitiesOf(seen, now));
        foreach (var probe in probes)
            if (await probe.Trouble() is { } why)
                tables = (false, $"take nothing: {why}");
        var healthy = record.Ok && durable.Ok && tables.Ok && entities.Ok;
        return new HealthReport(
            healthy ? Healthy : Unhealthy,
            now,
            policies.Current.Hash[..12],
            record.Text,
            durable.Text,
            tables.Text,
            entities.Text,
            MessagesOf(seen)
        );
    }

    private static (bool Ok, string Text) TablesOf(HealthReading seen, DateTimeOffset now) =>
        seen.BeatAt switch
        {
            null => (true, "not known yet: a row is written every five minutes"),
            { } at when now - at > Missed + seen.Patience => (
                false,
                $"no row was written since {At(at)}: the timers do not run, or the tables take nothing"
            ),
            { } at => (true, $"took a row at {At(at)}"),
        };

    private static (bool Ok, string Text) EntitiesOf(HealthReading seen, DateTimeOffset now) =>
        (seen.Unanswered(now), seen.BeatAt) switch
        {
            ({ } problem, _) => (false, $"do not answer: {problem}"),
            (_, null) => (true, "not known yet: one is asked every five minutes"),
            (_, { } asked) when !(seen.AnsweredAt >= asked) => (true, $"were asked at {At(asked)}; the answer is not there yet"),
            (_, { } asked) => (true, $"answered what was asked at {At(asked)}"),
        };

    /// <summary>Messages that wait would show only to somebody with rights over the queue, which the pipeline does not have.</summary>
    private static string MessagesOf(HealthReading? seen) =>
        (seen?.AlertAt is { } at ? $"an alert was last taken in at {At(at)}" : "no alert was taken in so far")
        + "; how many wait cannot be seen from here, Azure Monitor watches the queue";

    private static string At(DateTimeOffset at) => $"{at:yyyy-MM-dd HH:mm:ss} UTC";

    private async Task<(bool Ok, string Text)> TryAsync(Func<Task<(bool, string)>> check)
    {
        try
        {
            return await check();
        }
#pragma warning disable CA1031 // Whatever it is, this is the place that says so. Only its kind: anyone may read the answer.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogUnreadable(e);
            return (false, $"not readable ({e.GetType().Name})");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The health check cannot read what it looks at")]
    private partial void LogUnreadable(Exception cause);
}
