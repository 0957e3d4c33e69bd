using System.Text.Json.Serialization;
using IRFunctions.Decisions;

namespace IRFunctions.Containment;

/// <summary>Where a containment stands. Every live one has a timer and ends in one of the last four (S7).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ContainmentStatus>))]
public enum ContainmentStatus
{
    None,
    Live,
    Undoing,
    Confirmed,
    Released,
    RolledBack,
    RollbackFailed,
}

/// <summary>Why a containment is undone.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RollbackCause>))]
public enum RollbackCause
{
    /// <summary>Its time was up and nobody had confirmed it.</summary>
    Expired,

    /// <summary>A person, a policy or a failed action gave it back.</summary>
    Released,
}

/// <summary>One incident's claim that the containment stays for now.</summary>
public sealed record Hold
{
    public required string OrderId { get; init; }
    public required string Incident { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>When this hold ends by itself.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>When people are reminded to confirm or let it lapse; null where not.</summary>
    public DateTimeOffset? RemindAt { get; init; }

    /// <summary>Object ids of those who approved; empty where the policy let it run alone.</summary>
    public IReadOnlyList<string> ApprovedBy { get; init; } = [];
}

/// <summary>Memory of one containment: action and target. Kept after its end, so that the next one starts a new generation.</summary>
public sealed record RollbackState
{
    public string Action { get; init; } = "";
    public Target? Target { get; init; }
    public PriorState? Prior { get; init; }
    public ContainmentStatus Status { get; init; }

    /// <summary>Counts containments of this action and target; timers of an earlier one find a different number and do nothing.</summary>
    public int Generation { get; init; }
    public IReadOnlyList<Hold> Holds { get; init; } = [];

    /// <summary>Incidents that held it in this generation, also after their hold ended.</summary>
    public IReadOnlyList<string> Incidents { get; init; } = [];

    /// <summary>
    /// Incidents that held it in containments before this one, newest last and at most 64; null where there were none. What they held it
    /// for has ended.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Before { get; init; }

    /// <summary>Longest hold the policy allows, from the order; bounds every extension.</summary>
    public TimeSpan MaxDuration { get; init; }

    /// <summary>How it ended or is ending, in words for a person.</summary>
    public string Ending { get; init; } = "";
    public string EndedBy { get; init; } = "";
    public DateTimeOffset? EndedAt { get; init; }
    public int UndoAttempts { get; init; }

    /// <summary>An undo that failed is being tried again at this moment; who wants to hold it waits for that.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Trying { get; init; }

    /// <summary>Why it is being undone; null while it is not.</summary>
    public RollbackCause? Cause { get; init; }

    /// <summary>When the undo was asked for: a person's click by the server's clock, or the end of the last hold.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>From asking to read back; null until then.</summary>
    public TimeSpan? UndoneIn { get; init; }

    /// <summary>When the last hold was added: what was read before that says nothing about what it did.</summary>
    public DateTimeOffset? HeldAt { get; init; }

    /// <summary>Whether the effect is there, as far as it was told to us.</summary>
    public EffectStatus Effect { get; init; }

    /// <summary>End of the latest lease, whatever became of it; null where none was granted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LeasedUntil { get; init; }

    /// <summary>
    /// Latest moment at which a try of the effect may have been begun whose outcome nobody knows, whatever later tries did; null where
    /// there is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? UnsettledAt { get; init; }

    /// <summary>
    /// The first undo whose success counts: those before it may have read the target before a late effect landed.
    /// </summary>
    public int FirstUndo { get; init; }

    /// <summary>
    /// When the watchdog saw that our change was gone; null where it did not, or where it was done again for another incident since.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DriftedAt { get; init; }

    /// <summary>
    /// Why people are asked whether it stays, such as that the source took the alert back; null where nothing speaks against it, or where a
    /// person has answered since.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Question { get; init; }

    /// <summary>Latest moment at which any try may have been begun, the last one included.</summary>
    [JsonIgnore]
    public DateTimeOffset? LatestTry => LeasedUntil > UnsettledAt || UnsettledAt is null ? LeasedUntil : UnsettledAt;

    /// <summary>Latest moment at which something was begun that nobody can vouch for, a lease that is still out included.</summary>
    [JsonIgnore]
    public DateTimeOffset? Unsettled => Effect is EffectStatus.UnderWay or EffectStatus.Unknown ? LatestTry : UnsettledAt;

    /// <summary>A service may still act on what was begun and not answered.</summary>
    public bool MayStillLand(DateTimeOffset now) => Unsettled is { } at && at + ReadBackOrchestrator.Window > now;

    /// <summary>Leave for its effect was given, so that it is written down beside the engine until it is over.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Kept { get; init; }

    /// <summary>
    /// Whether something of ours may be in the tenant: such a containment has its row in <see cref="HoldTable"/>. After its end it has one
    /// while an effect may still land.
    /// </summary>
    [JsonIgnore]
    public bool IsKept =>
        Status switch
        {
            ContainmentStatus.None => false,
            ContainmentStatus.Live => Kept || Effect is not EffectStatus.None,
            ContainmentStatus.Released or ContainmentStatus.RolledBack => Unsettled is not null,
            _ => true,
        };

    /// <summary>
    /// Whether an incident held it once and holds it no more, and no person keeps it: whatever else holds it now ends without regard to
    /// that incident.
    /// </summary>
    public bool HasEndedFor(string incident) =>
        Incidents.Contains(incident)
            ? Status is not (ContainmentStatus.None or ContainmentStatus.Confirmed) && Holds.All(h => h.Incident != incident)
            : Before?.Contains(incident) == true;

    /// <summary>What the undo that is under way has to do.</summary>
    /// <param name="containment">Key of the entity.</param>
    public RollbackOrder OrderFor(string containment) =>
        new()
        {
            Containment = containment,
            Generation = Generation,
            Number = UndoAttempts,
            Action = Action,
            Target = Target!,
            Prior = Prior!,
            Cause = Cause ?? RollbackCause.Released,
            By = EndedBy,
            Reason = Ending,
            Incidents = Incidents,
            AskedAt = AskedAt,
            DriftedAt = DriftedAt,
            UnsettledAt = Unsettled,
        };

    /// <summary>Whether a person let this containment last longer than it would have by itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Extended { get; init; }

    /// <summary>The moment the last hold ends; null where none is left.</summary>
    [JsonIgnore]
    public DateTimeOffset? UndoAt => Holds.Count == 0 ? null : Holds.Max(h => h.Until);
}

[JsonConverter(typeof(JsonStringEnumConverter<HoldAnswer>))]
public enum HoldAnswer
{
    /// <summary>First hold: the rollback is registered, go on.</summary>
    Registered,

    /// <summary>
    /// We hold this already for another incident: the hold is added; there is something to do only where the effect is not there.
    /// </summary>
    Joined,

    /// <summary>It was so before us: nothing to do, nothing will be undone.</summary>
    NotOurs,

    /// <summary>Being undone right now: ask again shortly.</summary>
    Busy,
}

/// <summary>What people may ask of a live containment; also the last part of its address in the API.</summary>
public enum HoldChangeKind
{
    /// <summary>End it now.</summary>
    Release,

    /// <summary>Keep it: no undo by itself any more.</summary>
    Confirm,

    /// <summary>Hold it longer.</summary>
    Extend,
}

/// <summary>What a person asks of a live containment.</summary>
/// <param name="By">Object id.</param>
/// <param name="Reason">Their words, required.</param>
/// <param name="For">Extension from now; only for extend.</param>
/// <param name="At">When the person asked, by the server's clock.</param>
/// <param name="Prior">State to restore instead of the one kept here, from a verified recovery point of the record; only for
/// release.</param>
public sealed record HoldChange(string By, string Reason, TimeSpan? For = null, DateTimeOffset? At = null, PriorState? Prior = null);

/// <summary>The watchdog read that the effect is not there, though nobody undid it.</summary>
/// <param name="At">When it read.</param>
public sealed record DriftSeen(int Generation, DateTimeOffset At);

/// <summary>The reason why an incident held it is over.</summary>
public sealed record HoldLapse(string Incident, string Reason);

/// <summary>A timer's note to itself.</summary>
public sealed record HoldTimer(int Generation, string OrderId);

/// <summary>An undo asks whether it is still wanted before it tries again.</summary>
public sealed record RollbackAttempt(int Generation, int Number);

/// <summary>An undo tells how it went.</summary>
/// <param name="Done">False where it failed and keeps being tried.</param>
/// <param name="Took">From asking to read back.</param>
/// <param name="Number">Which undo of this generation reports.</param>
public sealed record RollbackResult(int Generation, bool Done, string Text, RollbackCause Cause, TimeSpan? Took = null, int Number = 0);
