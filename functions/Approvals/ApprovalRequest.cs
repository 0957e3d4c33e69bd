using System.Text.Json.Serialization;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>A question to people: may exactly this happen?</summary>
public sealed record ApprovalRequest
{
    public required string Incident { get; init; }

    /// <summary>The alert's own id, for tickets.</summary>
    public string AlertId { get; init; } = "";
    public required string Title { get; init; }
    public required Decision Decision { get; init; }

    /// <summary>Binds the answer to exactly this action on this target for this long under this policy (S3).</summary>
    public required string ActionHash { get; init; }

    /// <summary>Object id of the person on whose wish this is asked; null where the policy asks. They do not decide it.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>The model's words. Untrusted text.</summary>
    public string Reasoning { get; init; } = "";
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>Who and what it would touch, as computed from the tenant just before asking.</summary>
    public string Estimate { get; init; } = "";
}

/// <summary>One person's answer as it reached us.</summary>
/// <param name="By">Object id, lower case, as authenticated; never from the body or a card.</param>
/// <param name="Approve">False is a denial; any denial wins.</param>
/// <param name="Reason">Their words, required.</param>
/// <param name="At">When it reached the server, by the server's clock.</param>
/// <param name="Channel">"api", "console", "teams" or "slack".</param>
public sealed record ApprovalAnswer(string By, bool Approve, string Reason, DateTimeOffset At, string Channel)
{
    /// <summary>Takes the question back: nothing runs, and it is no denial.</summary>
    public bool Withdraw { get; init; }

    /// <summary>What shows where the answer came from; null where the door has no more to tell.</summary>
    public AnswerProof? Proof { get; init; }
}

/// <summary>Where a click came from, for the record.</summary>
/// <param name="TokenIssuedAt">Unix seconds of the token that vouched for it.</param>
/// <param name="Activity">Id of the activity that carried it.</param>
/// <param name="Card">Id of the card's activity.</param>
/// <param name="CardHash">SHA-256 of the card as it was last shown, lower-case hex.</param>
public sealed record AnswerProof(long? TokenIssuedAt, string Activity, string Card, string CardHash);

/// <summary>How a request stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApprovalState>))]
public enum ApprovalState
{
    Pending,
    Granted,
    Denied,
    Expired,
    Withdrawn,
}

/// <summary>
/// Custom status of ApprovalOrchestrator: a state and numbers. What people see stands in the register (custom status holds 16 KB).
/// </summary>
public sealed record ApprovalStatus(ApprovalState State, int Attempt, int Stage);

/// <summary>What people see of a request, kept in the register.</summary>
public sealed record ApprovalView
{
    public required ApprovalRequest Request { get; init; }
    public required ApprovalState State { get; init; }

    /// <summary>Index into <see cref="Rungs"/> of who is being asked now.</summary>
    public required int Stage { get; init; }
    public required int Attempt { get; init; }
    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>An answer at exactly this time is late (docs/design.md section 4).</summary>
    public required DateTimeOffset Deadline { get; init; }
    public required IReadOnlyList<RungPlan> Rungs { get; init; }
    public IReadOnlyList<ApprovalAnswer> Answers { get; init; } = [];

    /// <summary>Accounts whose owner the policy names, besides those of the rungs.</summary>
    public IReadOnlyList<Approver> Owners { get; init; } = [];

    /// <summary>When it was decided, expired or was withdrawn; null while it is pending.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Grows with all that happens to a request: what has a lower one came before.</summary>
    [JsonIgnore]
    public int Revision => EndedAt is not null ? int.MaxValue : Stage * 1_000 + Answers.Count;

    /// <summary>Name of the event that carries an answer to the present attempt and stage.</summary>
    public string AnswerEvent => EventName(Attempt, Stage);

    /// <summary>What instance ids of requests begin with.</summary>
    public const string InstancePrefix = "approval-";

    /// <summary>Whether the request's orchestration can still hear an answer: running, about to, or suspended.</summary>
    public static bool IsUnderWay(OrchestrationMetadata? instance) =>
        instance?.RuntimeStatus
            is OrchestrationRuntimeStatus.Running
                or OrchestrationRuntimeStatus.Pending
                or OrchestrationRuntimeStatus.Suspended;

    public static string EventName(int attempt, int stage) => $"answer-a{attempt}-s{stage}";
}
