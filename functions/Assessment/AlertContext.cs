namespace IRFunctions.Assessment;

/// <summary>
/// What is known about an alert's entities besides the alert: from the directory, the logs, our own record and earlier incidents. Numbers,
/// times and single words that we or Microsoft wrote, no free text. A hint for the model; the decision asks for facts of its own.
/// </summary>
/// <param name="Entities">By entity id, in the order of the alert.</param>
/// <param name="Similar">Earlier incidents about the same things, newest first.</param>
/// <param name="Missing">What was asked for and could not be learned, in words for model and people.</param>
public sealed record AlertContext(IReadOnlyList<EntityContext> Entities, IReadOnlyList<PastIncident> Similar, IReadOnlyList<string> Missing)
{
    /// <summary>Nothing was asked for.</summary>
    public static AlertContext None { get; } = new([], [], []);
}

/// <summary>What is known about one entity; null where it was not asked for or could not be learned.</summary>
/// <param name="EntityId">Id in the alert ("e3").</param>
public sealed record EntityContext(string EntityId)
{
    /// <summary>"person", "privileged_person", "service_principal", ...: the policy's words.</summary>
    public string? IdentityType { get; init; }

    /// <summary>Active directory roles, as single words ("global_administrator").</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>"low", "medium", "high" or "critical".</summary>
    public string? Criticality { get; init; }

    public bool? Enabled { get; init; }

    /// <summary>Days since the account was made.</summary>
    public int? AgeDays { get; init; }

    /// <summary>Successful sign-ins in the last 24 hours, by the account or from the address.</summary>
    public int? SignIns { get; init; }

    /// <summary>Failed ones.</summary>
    public int? FailedSignIns { get; init; }

    /// <summary>Different countries they came from.</summary>
    public int? Countries { get; init; }

    /// <summary>Different addresses the account signed in from, or accounts that signed in from the address.</summary>
    public int? Others { get; init; }

    /// <summary>Connections of our devices to or from the address in the last 24 hours.</summary>
    public int? Connections { get; init; }

    /// <summary>When the pipeline last acted on it.</summary>
    public DateTimeOffset? LastOwnAction { get; init; }
}

/// <summary>An earlier incident, in trusted fields only.</summary>
/// <param name="At">When it was opened.</param>
/// <param name="Category">The source's category where it is a single word, else empty.</param>
/// <param name="Severity">As a word.</param>
/// <param name="Verdict">What it was taken for then.</param>
/// <param name="By">Who took it for that: "Model" or "Rules".</param>
/// <param name="SharedEntities">Ids of the present alert's entities that it was about, too.</param>
public sealed record PastIncident(
    DateTimeOffset At,
    string Category,
    string Severity,
    string Verdict,
    string By,
    IReadOnlyList<string> SharedEntities
);
