using IRFunctions.Decisions;

namespace IRFunctions.Directory;

/// <summary>One thing as the directory knows it, under all its names.</summary>
/// <param name="Id">
/// What actions and keys use: object id of an account or application, Defender machine id of a host (its Entra device id where Defender
/// does not know it).
/// </param>
/// <param name="Name">The directory's name, for people.</param>
public sealed record DirectoryIdentity(string Id, string Name)
{
    /// <summary>Every id and name, as the directory writes them: object ids, names, addresses, SIDs, device ids.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Object ids of the people to whom it belongs.</summary>
    public IReadOnlyList<string> People { get; init; } = [];

    /// <summary>Job title and names of active directory roles; for accounts.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>What makes the account privileged, in words; null where nothing does.</summary>
    public string? Privilege { get; init; }

    /// <summary>Whether an on-premises directory is the master.</summary>
    public bool OnPremisesSynced { get; init; }

    /// <summary>Why it could not be resolved; null where it was. Id and names are then those of the alert.</summary>
    public string? Failed { get; init; }

    /// <summary>
    /// The directory answered that it knows no such thing: an answer, not a doubt. <see cref="Failed"/> then says so in words.
    /// </summary>
    public bool NotFound { get; init; }

    /// <summary>Whether it may sign in; null where that was not read or does not apply.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Whether it signs in at another organisation.</summary>
    public bool Guest { get; init; }

    /// <summary>What could not be resolved, under the name the alert gave.</summary>
    public static DirectoryIdentity Unresolved(string? id, string why) => new(id ?? "", id ?? "") { Failed = why };

    /// <summary>What the directory does not know, under the name the alert gave.</summary>
    public static DirectoryIdentity Unknown(string? id, string why) => Unresolved(id, why) with { NotFound = true };
}

/// <summary>What the directory makes of an alert's entities.</summary>
/// <param name="Targets">By entity id; what has no id an action could use is not in it.</param>
/// <param name="Identities">By target key.</param>
public sealed record ResolvedEntities(
    IReadOnlyDictionary<string, Target> Targets,
    IReadOnlyDictionary<string, DirectoryIdentity> Identities
)
{
    /// <summary>Why nothing could be found for an entity that offers no id by itself, by entity id.</summary>
    public IReadOnlyDictionary<string, string> Unresolved { get; init; } = new Dictionary<string, string>();
}
