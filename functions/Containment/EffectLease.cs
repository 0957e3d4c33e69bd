using System.Text.Json.Serialization;

namespace IRFunctions.Containment;

/// <summary>What is known of the effect that a containment holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EffectStatus>))]
public enum EffectStatus
{
    /// <summary>Nothing of ours was begun, or it was put back and read back.</summary>
    None,

    /// <summary>A lease was granted and nobody has said yet what became of it.</summary>
    UnderWay,

    /// <summary>
    /// It was begun, and whether it happened, or still will, is not known: an answer was lost, the service failed, or reading back did not
    /// show it.
    /// </summary>
    Unknown,

    /// <summary>It was done, and read back where it can be.</summary>
    InEffect,
}

/// <summary>
/// Leave to begin an effect, granted by the entity that owns its hold (S7). Whoever has it begins before <paramref name="Until"/>, and
/// gives up waiting for the service then; the hold ends later than that.
/// </summary>
/// <param name="Until">Null where it was refused.</param>
/// <param name="Refusal">Why it was refused, in words; empty where it was not.</param>
public sealed record EffectLease(DateTimeOffset? Until, string Refusal);

/// <summary>What became of an effect, told to the entity that owns its hold.</summary>
/// <param name="Outcome"><see cref="EffectStatus.None"/> where nothing was begun.</param>
/// <param name="GivesBack">The order failed for good: its hold ends.</param>
public sealed record EffectReport(string OrderId, EffectStatus Outcome, bool GivesBack = false);

/// <summary>An effect was read back after its containment had ended.</summary>
public sealed record EffectSeen(int Generation, int UndoAttempts);
