using System.Text.Json;
using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>
/// From bytes to an activity batch, or to every reason why not. Text in it is written by agents, thus by whoever steers them.
/// </summary>
public static class ActivityReader
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = 8,
        AllowDuplicateProperties = false,
    };
    private static readonly string[] Types =
    [
        .. PolicyWords
            .IdentityTypes.Where(t =>
                t.Value is IdentityType.AiAgent or IdentityType.ServicePrincipal or IdentityType.ManagedIdentity or IdentityType.Unknown
            )
            .Select(t => t.Key),
    ];

    public static ActivityReading Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > ActivityLimits.MaxBytes)
            return new ActivityReading(null, [$"The batch has {body.Length} bytes; at most {ActivityLimits.MaxBytes} are taken."]);
        try
        {
            var batch = JsonSerializer.Deserialize<ActivityBatch>(body.Span, Options);
            return batch is null ? new ActivityReading(null, ["The body is empty."]) : Check(batch);
        }
        catch (JsonException e)
        {
            return new ActivityReading(null, [$"The body is no activity batch: {e.Path} {e.Message}"]);
        }
    }

    /// <summary>Whether this can be an identity's id.</summary>
    public static bool IsIdentity(string? id) =>
        id is { Length: > 0 and <= ActivityLimits.MaxIdentity }
        && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or ':' or '-');

    private static ActivityReading Check(ActivityBatch batch)
    {
        var problems = new List<string>();
        var identity = batch.Identity?.ToLowerInvariant();
        if (!IsIdentity(identity))
            problems.Add($"identity: at most {ActivityLimits.MaxIdentity} of letters, digits and . _ : - are expected.");
        if (!Types.Contains(batch.IdentityType))
            problems.Add($"identityType: one of {string.Join(", ", Types)} is expected.");
        if (!IsText(batch.Source))
            problems.Add("source: the sender's name is expected.");
        if (batch.Sequence < 1)
            problems.Add("sequence: a number from 1 on is expected.");
        var exposures = batch.Exposures ?? [];
        if (batch.Events is null || batch.Events.Count > ActivityLimits.MaxEvents || (batch.Events.Count == 0 && exposures.Count == 0))
            problems.Add($"events: 1 to {ActivityLimits.MaxEvents} are expected.");
        if (exposures.Count > ActivityLimits.MaxExposures)
            problems.Add($"exposures: at most {ActivityLimits.MaxExposures} are expected.");
        for (var i = 0; i < exposures.Count && problems.Count < 20; i++)
            if (Wrong(exposures[i]) is { } wrong)
                problems.Add($"exposures[{i}]: {wrong}.");
        for (var i = 0; i < (batch.Events?.Count ?? 0) && problems.Count < 20; i++)
            if (Wrong(batch.Events![i]) is { } wrong)
                problems.Add($"events[{i}]: {wrong}.");
        return problems.Count > 0
            ? new ActivityReading(null, problems)
            : new ActivityReading(batch with { Identity = identity!, Events = Distinct(batch.Events!, identity!) }, []);
    }

    private static string? Wrong(KeyExposure? exposure) =>
        exposure switch
        {
            null => "an exposure is expected",
            _ when exposure.Time == default => "time: when it was found is expected",
            _ when !IsText(exposure.KeyId) => $"keyId: 1 to {ActivityLimits.MaxText} printable characters are expected, the key's id",
            _ when !IsOptional(exposure.Where) => $"where: at most {ActivityLimits.MaxText} printable characters are expected",
            _ => null,
        };

    private static string? Wrong(ActivityEvent? e) =>
        e switch
        {
            null => "an event is expected",
            _ when e.Time == default => "time: when it was made is expected",
            _ when !IsText(e.Endpoint) => $"endpoint: 1 to {ActivityLimits.MaxText} printable characters are expected",
            _ when !(IsOptional(e.Tool) && IsOptional(e.Target) && IsOptional(e.CorrelationId)) =>
                $"tool, target and correlationId have at most {ActivityLimits.MaxText} printable characters",
            _ when e.Counterpart is { } other && !IsIdentity(other.ToLowerInvariant()) =>
                $"counterpart: an identity is expected, at most {ActivityLimits.MaxIdentity} of letters, digits and . _ : -",
            _ when e.Bytes < 0 => "bytes: a number from 0 on is expected",
            _ when !(e.LatencyMs >= 0 && e.LatencyMs <= 86_400_000) => "latencyMs: 0 to a day is expected",
            _ => null,
        };

    /// <summary>A sender that retried inside its own batch repeats whole events. Who calls itself talks to nobody.</summary>
    private static ActivityEvent[] Distinct(IReadOnlyList<ActivityEvent> all, string identity)
    {
        var events = all.Select(e =>
                e.Counterpart?.ToLowerInvariant() is var other && other == e.Counterpart && other != identity
                    ? e
                    : e with
                    {
                        Counterpart = other == identity ? null : other,
                    }
            )
            .ToList();
        return [.. events.Where(e => e.CorrelationId is not null).Distinct(), .. events.Where(e => e.CorrelationId is null)];
    }

    private static bool IsOptional(string? text) => text is null || IsText(text);

    private static bool IsText(string? text) => text is { Length: > 0 and <= ActivityLimits.MaxText } && !text.Any(char.IsControl);
}
