using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// Everything the decision needs besides alert, assessment and policy: plain data that activities collected, so that deciding stays pure
/// and an audit can decide again. What is absent counts as unknown, and unknown never makes an action more likely.
/// </summary>
public sealed record Facts
{
    /// <summary>The time the decision is made for; decides what has expired.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The global stop (S13), where it is engaged.</summary>
    public GlobalStopFact? Stop { get; init; }

    /// <summary>Object and application ids of the pipeline itself (S9).</summary>
    public IReadOnlyList<string> OwnIdentities { get; init; } = [];

    /// <summary>Our Entra tenant, workspaces and subscriptions, as alerts name them; empty where nobody told us.</summary>
    public IReadOnlyList<string> OwnTenants { get; init; } = [];

    /// <summary>Object ids of people in the approver groups now, besides those the policy's ladders name (S9).</summary>
    public IReadOnlyList<string> Approvers { get; init; } = [];

    /// <summary>What the directory makes of the alert's entities, by entity id: two names of one thing lead to one target (S9).</summary>
    public IReadOnlyDictionary<string, Target> Resolved { get; init; } = new Dictionary<string, Target>();

    /// <summary>
    /// What the directory knows, by target key ("account:{object id}", "application:{object id}", "host:{device id}"); of a message and a
    /// mailbox whose it is.
    /// </summary>
    public IReadOnlyDictionary<string, IdentityFacts> Identities { get; init; } = new Dictionary<string, IdentityFacts>();

    /// <summary>Answers to context checks, by <see cref="CheckKey"/>.</summary>
    public IReadOnlyDictionary<string, ContextFact> Checks { get; init; } = new Dictionary<string, ContextFact>();

    /// <summary>Own containments that may have set the alert off; empty where there are none.</summary>
    public IReadOnlyList<CascadeFact> Cascades { get; init; } = [];

    /// <summary>Why it is not known whether our own containment set the alert off; null where it is.</summary>
    public string? CascadesFailed { get; init; }

    public BudgetFacts Budgets { get; init; } = new();

    /// <summary>The last rollback drill that passed, by action.</summary>
    public IReadOnlyDictionary<string, DrillFact> Drills { get; init; } = new Dictionary<string, DrillFact>();

    /// <summary>Key of the answer to one check about one target.</summary>
    public static string CheckKey(string check, Target target) => $"{check}@{target.Key}";
}

/// <summary>A containment of ours that concerns something of the alert, or something that it depends on.</summary>
/// <param name="Of">Target key of what was contained.</param>
/// <param name="Text">What hangs together how, and what we did, as a sentence.</param>
/// <param name="Incidents">Keys of the incidents that wanted it; empty where that is not known.</param>
public sealed record CascadeFact(string Of, string Text, IReadOnlyList<string> Incidents);

/// <summary>A rollback drill that passed.</summary>
/// <param name="Seconds">From asking for the undo to reading it back.</param>
public sealed record DrillFact(DateTimeOffset At, double Seconds);

/// <summary>Who engaged the global stop, and why.</summary>
public sealed record GlobalStopFact(string By, string Why);

/// <summary>What the directory and the logs know about one account, application or host.</summary>
public sealed record IdentityFacts
{
    public IdentityType Type { get; init; }

    /// <summary>Directory roles and job roles, as the directory names them.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether several people or services use it.</summary>
    public bool Shared { get; init; }

    /// <summary>
    /// Every id and name the directory knows it by (user principal name, addresses, SID, application id), to find it on the protected list;
    /// of a message or mailbox those of whom it belongs to.
    /// </summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// Business criticality as the asset register says ("low", "medium", "high", "critical"); null where it says nothing.
    /// </summary>
    public string? Criticality { get; init; }

    /// <summary>Why <see cref="Criticality"/> could not be learned; null where it was, or where no register is asked.</summary>
    public string? CriticalityFailed { get; init; }

    /// <summary>Whether an on-premises directory is the master, which may overwrite what we change.</summary>
    public bool OnPremisesSynced { get; init; }

    /// <summary>When the pipeline last touched it; null for never.</summary>
    public DateTimeOffset? LastOwnAction { get; init; }

    /// <summary>What it did then, and who wanted it, in words; null where nobody can say.</summary>
    public string? OwnAction { get; init; }

    /// <summary>Who registered it as a shared account or as a workload, and under which ticket, in words; null where nobody did.</summary>
    public string? Registered { get; init; }

    /// <summary>What was observed, by the names of the threshold file.</summary>
    public IReadOnlyList<ObservedSignal> Signals { get; init; } = [];

    /// <summary>Signals of which it is not known whether there are any: their source failed. Doubt, and never a point (S12).</summary>
    public IReadOnlyList<UnknownSignal> UnknownSignals { get; init; } = [];

    /// <summary>
    /// Why it could not be resolved (not found, several, the directory away); null where it was. A failed lookup is doubt (S12).
    /// </summary>
    public string? Failed { get; init; }
}

/// <summary>A signal of the containment threshold.</summary>
/// <param name="Name">Name in the threshold file, for example "publicly_exposed_key".</param>
/// <param name="Minutes">How long it has lasted, where that matters.</param>
/// <param name="Detail">What was seen, when and by which source, as a sentence; null where there is none.</param>
public sealed record ObservedSignal(string Name, int Minutes = 0, string? Detail = null);

/// <summary>A signal whose source could not be asked.</summary>
/// <param name="Name">Name in the threshold file.</param>
/// <param name="Why">Which source, and why.</param>
public sealed record UnknownSignal(string Name, string Why);

/// <summary>The answer to one context check: a value, or why there is none.</summary>
/// <param name="Value">A number, "true", "false", "never" or an ISO 8601 time.</param>
/// <param name="Failed">Why the query failed; null where it did not.</param>
/// <param name="Detail">More about the answer, as a sentence for a person; null where there is none.</param>
public sealed record ContextFact(string? Value, string? Failed = null, string? Detail = null);

/// <summary>What has been spent. An effect counts in the minute and the hour in which it started.</summary>
public sealed record BudgetFacts
{
    /// <summary>By "identity:{target key}", "action:{name}" and "tenant"; what is absent has spent nothing.</summary>
    public IReadOnlyDictionary<string, BudgetSpent> Spent { get; init; } = new Dictionary<string, BudgetSpent>();

    /// <summary>Why the counters could not be read; then nothing runs alone (S12).</summary>
    public string? Failed { get; init; }

    public const string Tenant = "tenant";

    public static string OfIdentity(Target target) => $"identity:{target.Key}";

    /// <summary>Name of the batch of what one used-up budget asks for; an identity's is named by the identity alone.</summary>
    /// <param name="key">A budget's key: "identity:kind:id", "action:name", "tenant" or "tenant:id".</param>
    public static string BatchOf(string key) =>
        "over-budget:"
        + (
            key.StartsWith("identity:", StringComparison.Ordinal) ? key["identity:".Length..]
            : key.StartsWith(Tenant, StringComparison.Ordinal) ? Tenant
            : key
        );

    public static string OfAction(string action) => $"action:{action}";
}

/// <summary>Effects started in the last minute and the last hour.</summary>
public sealed record BudgetSpent(int LastMinute, int LastHour);
