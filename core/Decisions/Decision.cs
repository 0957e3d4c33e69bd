using System.Text.Json.Serialization;

namespace IRFunctions.Decisions;

/// <summary>What the policy says about one recommended action.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DecisionKind>))]
public enum DecisionKind
{
    /// <summary>Runs without a person (tier 1).</summary>
    Run,

    /// <summary>Runs only after the quorum approved exactly this (tier 2, or any doubt about tier 1).</summary>
    Ask,

    /// <summary>Never runs; people get the recommendation (tier 3, unknown actions).</summary>
    Tell,

    /// <summary>Nothing happens now; the reasons say why (below the confidence floor, observed only, nothing to act on).</summary>
    Hold,
}

/// <summary>
/// What an action would touch: a typed value of the alert, never text the model wrote (S4), as the directory knows it where it does.
/// </summary>
/// <param name="Kind">"account", "ip", "host", "mailMessage", "application", "mailbox", "workload" or "alert".</param>
/// <param name="Id">Object id, canonical address, device id, alert id; for one copy of a message its network message id, "@" and whose
/// mailbox.</param>
/// <param name="Display">Words for a person: the directory's name; where it was not resolved the alert's, which may be an
/// attacker's.</param>
public sealed record Target(string Kind, string Id, string Display)
{
    /// <summary>
    /// Object ids of the people to whom it belongs, as the directory says: they decide nothing about it. Null where none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? People { get; init; }

    /// <summary>What the alert called it, where the directory knows it by no such name; untrusted text. Null where it does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Called { get; init; }

    /// <summary>Key that is the same whenever the same thing is meant.</summary>
    [JsonIgnore]
    public string Key => $"{Kind}:{Id}";
}

/// <summary>One reason, in the order the policy came to it.</summary>
/// <param name="Rule">Stable name of the rule, for tests and search ("tier", "confidence-floor", "protected").</param>
/// <param name="Text">One sentence for a person at 3 AM.</param>
public sealed record Reason(string Rule, string Text);

/// <summary>The policy's answer for one action on one target, with everything a later stage needs, frozen.</summary>
public sealed record Decision
{
    public required DecisionKind Kind { get; init; }
    public required string Action { get; init; }
    public required Target Target { get; init; }

    /// <summary>1, 2 or 3; an action the tier map does not list is 3 (S1).</summary>
    public required int Tier { get; init; }

    /// <summary>The recommendation's confidence, 0 to 100.</summary>
    public required int Confidence { get; init; }

    public required IReadOnlyList<Reason> Reasons { get; init; }

    /// <summary>How long approvers have before the request climbs to the last rung; null where nobody is asked.</summary>
    public TimeSpan? ApprovalTimeout { get; init; }

    /// <summary>Distinct approvers needed; 0 where nobody is asked.</summary>
    public int Quorum { get; init; }

    /// <summary>How long the effect lasts before it is undone; null where the action has no inverse.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>False where the policy says `reversible: none` (S5).</summary>
    public bool Reversible { get; init; } = true;

    /// <summary>What undoes it, or why nothing can, from the tier map; for cards and audit.</summary>
    public string Reversal { get; init; } = "";

    /// <summary>What it may hurt, from the tier map; for cards and audit.</summary>
    public string BlastRadius { get; init; } = "";

    /// <summary>Place in the playbook of the target's identity type: soft containment before hard; 0 where no playbook orders it.</summary>
    public int Step { get; init; }

    /// <summary>
    /// Requests with the same batch are shown to approvers as one; null where the request stands alone. Set where a budget is exceeded.
    /// </summary>
    public string? Batch { get; init; }

    /// <summary>Content hash of the policy that decided (SHA-256, lower-case hex).</summary>
    public required string PolicyHash { get; init; }
}
