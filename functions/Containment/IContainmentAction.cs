using System.Text.Json.Serialization;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Containment;

/// <summary>
/// One action of the catalogue, one file each. Every method may be called again after a crash: it reads before it writes, so that a second
/// call changes nothing (docs/design.md section 4). Errors are exceptions; the orchestration retries those that
/// <see cref="IRFunctions.Connections.TransientFaultException"/> marks as passing.
/// </summary>
public interface IContainmentAction
{
    ActionCapability Capability { get; }

    /// <summary>Least Graph or service permission it needs, for the docs and for errors; empty where none.</summary>
    string Permission { get; }

    /// <summary>What Capture remembers, for the docs.</summary>
    string Captures { get; }

    /// <summary>Which system it changes, for the docs.</summary>
    string Through { get; }

    /// <summary>
    /// Whether Undo can tell what we made from the same state made by somebody else, as a receiver that remembers its holder can. Where it
    /// cannot, the watchdog's drift tells (S6).
    /// </summary>
    bool KnowsItsOwn => false;

    /// <summary>Who and what it would touch, as far as the tenant can tell. Changes nothing.</summary>
    Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) => Task.FromResult(Estimate.Unknown);

    /// <summary>Reads the state before. Changes nothing.</summary>
    Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation);

    /// <summary>
    /// Finds out, without an effect anyone would notice, whether the reverse would be permitted. Returns what it found, in words.
    /// </summary>
    /// <exception cref="PermanentFaultException">It would not; then the action must not run.</exception>
    Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        Task.FromResult("there is no reverse to probe");

    /// <summary>Does it. Returns what a person should know, for example a ticket number.</summary>
    Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation);

    /// <summary>
    /// Reads whether the effect is there; null where the receiver offers no way to read it back. Also asked later, to notice drift.
    /// </summary>
    Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation);

    /// <summary>Restores the prior state where what we did still stands, and says what it found (S6).</summary>
    Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation);
}

/// <summary>What an action would touch, for the people who are asked and for the record.</summary>
/// <param name="People">How many people would notice; null where nobody can say.</param>
/// <param name="Text">One sentence.</param>
public sealed record Estimate(int? People, string Text)
{
    /// <summary>
    /// What exactly it would change where the target has several such things or may get others, such as the id of the key that is removed;
    /// the approval is bound to it (S3). Null where the target says all.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Bound { get; init; }

    public static readonly Estimate Unknown = new(null, "how many people this touches cannot be computed");
}

/// <summary>State before an action, as read from the tenant.</summary>
public sealed record PriorState
{
    /// <summary>True where the wanted state was there already: nothing will be done and nothing undone (S6).</summary>
    public required bool AlreadySo { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Summary { get; init; }

    /// <summary>Why this target is for people only; null where it is not. For example an account synchronised from on-premises.</summary>
    public string? Refusal { get; init; }

    /// <summary>What Undo needs to restore it; meaning is the action's own.</summary>
    public string? Value { get; init; }

    /// <summary>
    /// Key of something that several containments change together and that has no compare-and-swap of its own, such as the list of ranges
    /// of one named location; changes of it take turns. Null where there is no such thing.
    /// </summary>
    public string? Shared { get; init; }
}

/// <summary>One copy of a message (S4).</summary>
/// <param name="Mailbox">Object id of its owner, or the address that the alert gave where the directory does not know it.</param>
/// <param name="InternetMessageId">As the sender wrote it: anybody may copy it.</param>
public sealed record MailCopy(string Mailbox, string InternetMessageId)
{
    /// <summary>What our mail system called this message alone; null where the alert does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NetworkMessageId { get; init; }

    /// <summary>The directory's address of the mailbox, for words; null where it does not know it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
}

/// <summary>
/// Exactly one action on exactly one target, frozen when it was decided: the decision, and what the frozen policy says about carrying it
/// out. The same shape is asked about, held and executed; only what is put back, for all holds together, has another one (<see
/// cref="RollbackOrder"/>).
/// </summary>
public sealed record ContainmentOrder
{
    /// <summary>Derived from incident, action and target: the idempotency key of every effect of this order.</summary>
    public required string Id { get; init; }

    /// <summary>Key of the incident's chain.</summary>
    public required string Incident { get; init; }

    public required Decision Decision { get; init; }

    /// <summary>Title of the alert, for tickets and notes. Untrusted text.</summary>
    public string Title { get; init; } = "";

    /// <summary>Words for whoever reads the ticket or the page. May quote untrusted text.</summary>
    public string Note { get; init; } = "";

    /// <summary>Where the message is, where the target is one: typed values of the alert.</summary>
    public IReadOnlyList<MailCopy> Mail { get; init; } = [];

    /// <summary>
    /// What exactly of the target people were asked about (<see cref="Estimate.Bound"/>); null where the target says all.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Bound { get; init; }

    /// <summary>How long before undo people are reminded; null where nothing is undone.</summary>
    public TimeSpan? ReminderLead { get; init; }

    /// <summary>Who is asked and when; empty once it is carried out.</summary>
    public IReadOnlyList<LadderRung> Ladder { get; init; } = [];

    /// <summary>From asking to expiry.</summary>
    public TimeSpan ExpiresAfter { get; init; }

    /// <summary>From asking to the ticket and the second page, where nobody has answered by then.</summary>
    public TimeSpan TicketAfter { get; init; }

    /// <summary>Which claim of its incident on this containment it is; 0 where it has none.</summary>
    public int Claim { get; init; }

    /// <summary>Accounts whose owner the policy names; empty once it is carried out.</summary>
    public IReadOnlyList<Approver> Owners { get; init; } = [];

    /// <summary>The budgets it draws from; empty once it is carried out.</summary>
    public IReadOnlyList<BudgetClaim> Budgets { get; init; } = [];

    /// <summary>Who approved this hash; null where the policy lets it run alone.</summary>
    public Grant? Grant { get; init; }
}

/// <summary>What to undo and how it was before.</summary>
public sealed record RollbackOrder
{
    /// <summary>Key of the containment: action and target.</summary>
    public required string Containment { get; init; }
    public required int Generation { get; init; }

    /// <summary>
    /// 1 for the first undo of this generation; a later one (a person's release, a second hold's end) replaces those before it.
    /// </summary>
    public int Number { get; init; } = 1;
    public required string Action { get; init; }
    public required Target Target { get; init; }
    public required PriorState Prior { get; init; }

    public required RollbackCause Cause { get; init; }

    /// <summary>Object id of the person who released it, or "policy".</summary>
    public required string By { get; init; }
    public string Reason { get; init; } = "";

    /// <summary>When it was asked for: a person's click by the server's clock, or the end of the last hold.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>When the watchdog saw that our change was gone; null where it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DriftedAt { get; init; }

    /// <summary>Latest moment at which an effect may have been begun whose outcome nobody knows; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? UnsettledAt { get; init; }

    /// <summary>Incidents whose chains get the entries.</summary>
    public required IReadOnlyList<string> Incidents { get; init; }

    /// <summary>How far it is; null at its start.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RollbackProgress? Progress { get; init; }
}

/// <summary>What an undo came to.</summary>
/// <param name="Restored">True where the prior state was restored and read back; false where there was nothing of ours to undo.</param>
/// <param name="Text">One sentence for a person.</param>
public sealed record RollbackReport(bool Restored, string Text)
{
    /// <summary>When it was read back.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }
}
