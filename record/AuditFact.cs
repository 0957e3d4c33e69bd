namespace IRFunctions.Record;

/// <summary>What a stage found or is about to do, before it is on the record.</summary>
/// <param name="Id">Idempotency key, unique within the incident and derived from the step that records it: a replay or a retry writes
/// nothing twice.</param>
/// <param name="Kind">Stable name: one of <see cref="AuditKinds"/>.</param>
/// <param name="Text">One sentence for the auditor a year later. May quote untrusted text.</param>
/// <param name="Actor">Who decided: "policy", "model", "pipeline" or the object id of a person.</param>
/// <param name="Data">Details as one JSON object, or null.</param>
public sealed record AuditFact(string Id, string Kind, string Text, string Actor, string? Data = null);

/// <summary>Names of what can stand on the record.</summary>
public static class AuditKinds
{
    public const string Received = "received";
    public const string Assessed = "assessed";

    /// <summary>A string planted in the prompt came back: the alert carries an attempt to take the model over.</summary>
    public const string Injection = "injection";
    public const string Decided = "decided";

    /// <summary>The source closed an alert or incident; with what of ours is still under way because of it.</summary>
    public const string ClosedAtSource = "closed-at-source";

    /// <summary>News from the source that starts nothing: another status, a merger, a version that came late.</summary>
    public const string SourceNews = "source-news";
    public const string Asked = "asked";
    public const string Climbed = "climbed";
    public const string Answered = "answered";
    public const string Refused = "refused";
    public const string Granted = "granted";
    public const string Denied = "denied";
    public const string Expired = "expired";
    public const string Withdrawn = "withdrawn";
    public const string Undelivered = "undelivered";
    public const string Closed = "request-closed";
    public const string Captured = "captured";
    public const string Executing = "executing";
    public const string Executed = "executed";
    public const string Verified = "verified";
    public const string AlreadySo = "already-so";
    public const string Joined = "joined-hold";

    /// <summary>People are asked for exactly this already, and their answer counts here; nothing is held by it.</summary>
    public const string JoinedRequest = "joined-request";
    public const string Failed = "failed";
    public const string Reminded = "reminded";
    public const string Undoing = "undoing";
    public const string Undone = "undone";
    public const string NotUndone = "not-undone";
    public const string RollbackFailed = "rollback-failed";
    public const string Confirmed = "confirmed";
    public const string Extended = "extended";
    public const string ReleaseAsked = "release-asked";
    public const string StopEngaged = "stop-engaged";
    public const string StopLifted = "stop-lifted";
    public const string Outcome = "outcome";
    public const string PolicyChanged = "policy-changed";

    /// <summary>The content of a chain was made unreadable for good (crypto-shredding); stands on the chain "pipeline".</summary>
    public const string Shredded = "shredded";

    /// <summary>One person wants the words of a chain gone; a second one has to.</summary>
    public const string ShredAsked = "shred-asked";

    /// <summary>A chain no longer holds what an earlier checkpoint sealed; stands on the chain "pipeline".</summary>
    public const string RecordBroken = "record-broken";

    /// <summary>A person asked to restore a recovery point.</summary>
    public const string RestoreAsked = "restore-asked";
}
