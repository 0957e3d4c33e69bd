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

    /// <summary>Why the directory could not say what an entity is that has no id of its own, by entity id; in words.</summary>
    public IReadOnlyDictionary<string, string> Unresolved { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What the directory knows, by target key ("account:{object id}", "application:{object id}", "host:{device id}"); of a message and a
    /// mailbox whose it is.
    /// </summary>
    public IReadOnlyDictionary<string, IdentityFacts> Identities { get; init; } = new Dictionary<string, IdentityFacts>();

    /// <summary>Answers to context checks, by <see cref="CheckKey"/>.</summary>
    public IReadOnlyDictionary<string, ContextFact> Checks { get; init; } = new Dictionary<string, ContextFact>();

    /// <summary>
    /// What each action would say to its target before it begins, by <see cref="ActionKey"/>; absent where it was not asked.
    /// </summary>
    public IReadOnlyDictionary<string, ActionProspect> Prospects { get; init; } = new Dictionary<string, ActionProspect>();

    public BudgetFacts Budgets { get; init; } = new();

    /// <summary>The last rollback drill that passed, by action.</summary>
    public IReadOnlyDictionary<string, DrillFact> Drills { get; init; } = new Dictionary<string, DrillFact>();

    /// <summary>Key of the answer to one check about one target.</summary>
    public static string CheckKey(string check, Target target) => $"{check}@{target.Key}";

    /// <summary>Key of what one action says to one target.</summary>
    public static string ActionKey(string action, Target target) => $"{action}@{target.Key}";
}

/// <summary>What an action would do with a target as it is now, read without changing anything.</summary>
/// <param name="Refusal">Why it would refuse, in words; null where it would not.</param>
/// <param name="AlreadySo">That what it would do is so already, and not by us, in words; null where it is not.</param>
public sealed record ActionProspect(string? Refusal, string? AlreadySo);

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

    /// <summary>What was observed, by the names of the threshold file.</summary>
    public IReadOnlyList<ObservedSignal> Signals { get; init; } = [];

    /// <summary>
    /// Why it could not be resolved (not found, several, the directory away); null where it was. A failed lookup is doubt (S12).
    /// </summary>
    public string? Failed { get; init; }

    /// <summary>The directory answered that it knows no such thing; <see cref="Failed"/> then says so in words.</summary>
    public bool NotFound { get; init; }
}

/// <summary>A signal of the containment threshold.</summary>
/// <param name="Name">Name in the threshold file, for example "publicly_exposed_key".</param>
/// <param name="Minutes">How long it has lasted, where that matters.</param>
public sealed record ObservedSignal(string Name, int Minutes = 0);

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
