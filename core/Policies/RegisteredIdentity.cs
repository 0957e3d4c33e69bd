namespace IRFunctions.Policies;

/// <summary>An account that several people or services use, as its owner says (identities.yaml).</summary>
public sealed record SharedAccount
{
    /// <summary>Object id or a name with @, lower case.</summary>
    public required string Id { get; init; }
    public required string Owner { get; init; }
    public required string Ticket { get; init; }
    public required string Why { get; init; }

    /// <summary>First day (UTC) on which it no longer counts.</summary>
    public required DateOnly Until { get; init; }
}

/// <summary>A workload that its owner registered (identities.yaml): what it is, where it runs, whom it works with, what it needs.</summary>
public sealed record RegisteredWorkload
{
    /// <summary>Object id, client id, sign-in name or id of an agent, lower case.</summary>
    public required string Id { get; init; }

    /// <summary>What stands behind it. Where the directory says something more exact, the directory is right.</summary>
    public required IdentityType Type { get; init; }
    public required string Owner { get; init; }
    public required string Ticket { get; init; }

    /// <summary>First day (UTC) on which it no longer counts.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>Ranges of addresses that it runs at, as written; empty where it is bound to none.</summary>
    public IReadOnlyList<string> BoundTo { get; init; } = [];

    /// <summary>Names of systems and resources in its approved workflow; empty where nobody said.</summary>
    public IReadOnlyList<string> WorksWith { get; init; } = [];

    /// <summary>Where it hands out its state, which is pulled on a schedule; null where it offers no address.</summary>
    public Uri? Snapshots { get; init; }

    /// <summary>Ids of what it needs: contained, it fails.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    public bool CountsAt(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime) < Until;

    /// <summary>Whether an address lies in one of the ranges. What is no address lies in none.</summary>
    public bool IsBoundTo(string address) =>
        AddressRange.Number(address) is { } number
        && BoundTo.Any(text =>
            AddressRange.Parse(text) is { } range
                ? AddressRange.Mask(number, range.Length) == range.Prefix
                : AddressRange.Number(text) == number
        );
}
