using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Limits;

/// <summary>What was last seen to work.</summary>
/// <param name="BeatAt">When the timer last wrote a row and asked an entity; null where it never ran.</param>
/// <param name="AnsweredAt">When that entity last did something; null where it never did.</param>
/// <param name="AlertAt">When an alert was last taken off the queue, to half a minute; null where none was.</param>
/// <param name="Patience">How long the machine may take to answer, by the pipeline's clock.</param>
public sealed record HealthReading(DateTimeOffset? BeatAt, DateTimeOffset? AnsweredAt, DateTimeOffset? AlertAt, TimeSpan Patience)
{
    /// <summary>Why entities cannot be relied on; null where they answer or have not been asked long enough.</summary>
    public string? Unanswered(DateTimeOffset now) =>
        BeatAt is { } asked && now - asked > Patience && !(AnsweredAt >= asked)
            ? $"what was asked at {asked:yyyy-MM-dd HH:mm:ss} UTC was not answered"
            : null;
}

/// <summary>
/// How long the machine itself may take, by the pipeline's clock. A machine is not faster because the clock is: what runs the pipeline by a
/// fast clock registers a minute times its factor.
/// </summary>
public sealed record AnswerTimeout(TimeSpan Within)
{
    /// <summary>A minute of a real clock.</summary>
    public static AnswerTimeout ForClock(double factor) => new(TimeSpan.FromMinutes(1) * Math.Max(1, factor));
}

/// <summary>
/// Signs of life in the table "health". A timer writes a row and asks an entity, so that whoever looks at the health only reads: anyone may
/// look, and as often as they like.
/// </summary>
public sealed class HealthSignals(TableServiceClient tables, TimeProvider time, AnswerTimeout patience)
{
    public const string TableName = "health";

    private const string Partition = "pulse";
    private const string Beat = "beat";
    private const string Alerts = "alerts";
    private static readonly Allowance Plenty = new(60, 3_600);
    private static readonly TimeSpan NotedEvery = TimeSpan.FromSeconds(30);

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly ConcurrentDictionary<string, DateTimeOffset> noted = new(StringComparer.Ordinal);

    /// <summary>An entity that counts, asked for nothing but a sign of life.</summary>
    private static EntityInstanceId Entity => RateLimit.For("health", Beat);

    /// <summary>Writes and asks; whether it was answered shows a moment later.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public async Task BeatAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        await NoteAsync(Beat, cancellation);
        await client.Entities.SignalEntityAsync(Entity, nameof(RateLimit.TryTake), Plenty, cancellation: cancellation);
    }

    /// <summary>An alert was taken off the queue. Never fails, and writes at most twice a minute.</summary>
    public async Task AlertTakenAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (noted.TryGetValue(Alerts, out var last) && now - last < NotedEvery)
            return;
        try
        {
            noted[Alerts] = now;
            await NoteAsync(Alerts, cancellation);
        }
        catch (RequestFailedException)
        {
            // A sign of life that is lost; the next alert gives another.
        }
    }

    /// <exception cref="RequestFailedException">The table cannot be read.</exception>
    public async Task<HealthReading> ReadAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var entity = await client.Entities.GetEntityAsync(Entity, includeState: false, cancellation);
        return new HealthReading(
            await AtAsync(Beat, cancellation),
            entity?.LastModifiedTime,
            await AtAsync(Alerts, cancellation),
            patience.Within
        );
    }

    private async Task NoteAsync(string what, CancellationToken cancellation) =>
        await table.UpsertEntityAsync(
            new TableEntity(Partition, what) { ["At"] = time.GetUtcNow() },
            TableUpdateMode.Replace,
            cancellation
        );

    private async Task<DateTimeOffset?> AtAsync(string what, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(Partition, what, cancellationToken: cancellation);
        return found.HasValue ? found.Value!["At"] as DateTimeOffset? : null;
    }
}
