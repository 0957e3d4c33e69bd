using IRFunctions.Containment;
using IRFunctions.Decisions;

namespace IRFunctions.Local.TakeBack;

/// <summary>A containment that is in effect as far as a source can tell, with what its undo needs.</summary>
internal sealed record LiveContainment
{
    /// <summary>"action:kind:id", as in the API.</summary>
    public required string Key { get; init; }
    public required string Action { get; init; }
    public required Target Target { get; init; }

    /// <summary>Null where the source does not have it; <see cref="Obstacle"/> says why.</summary>
    public PriorState? Prior { get; init; }

    /// <summary>How it was before, in words.</summary>
    public required string Before { get; init; }

    /// <summary>Why it cannot be taken back from this source; null where it can.</summary>
    public string? Obstacle { get; init; }

    /// <summary>0 where the source does not tell.</summary>
    public int Generation { get; init; }
    public IReadOnlyList<string> Incidents { get; init; } = [];

    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>A person decided that it stays.</summary>
    public bool Confirmed { get; init; }

    /// <summary>When our change was seen to be gone; what is there now is then somebody else's (S6).</summary>
    public DateTimeOffset? DriftedAt { get; init; }

    public string Name => $"{Action} on {Target.Display} ({Target.Key})";

    /// <summary>Whether a person's word names it: a part of its key or of its target's name.</summary>
    public bool Matches(string word) =>
        Key.Contains(word, StringComparison.OrdinalIgnoreCase)
        || Target.Key.Contains(word, StringComparison.OrdinalIgnoreCase)
        || Target.Display.Contains(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What a source holds.</summary>
/// <param name="AsOf">What it knows ends here; null: it is of now.</param>
/// <param name="Notes">What it cannot tell, in sentences for a person.</param>
internal sealed record LiveList(IReadOnlyList<LiveContainment> All, DateTimeOffset? AsOf, IReadOnlyList<string> Notes);
