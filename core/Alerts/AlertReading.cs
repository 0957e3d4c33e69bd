using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Alerts;

/// <summary>One reason why a message is not an alert, for the person who finds it in the dead-letter queue.</summary>
/// <param name="Place">JSON path ("$.evidence[2]") or position in the bytes ("line 3, byte 17").</param>
/// <param name="Problem">What is wrong there.</param>
/// <param name="Remedy">What to do about it, at the source or here.</param>
public sealed record AlertFault(string Place, string Problem, string Remedy);

/// <summary>
/// Either an <see cref="Alert"/>, or every reason why the message is not one. Never both, never neither (S10).
/// </summary>
public sealed record AlertReading
{
    public Alert? Alert { get; private init; }

    /// <summary>One of <see cref="AlertReasons"/>: the dead-letter reason. Null exactly where there is an alert.</summary>
    public string? ReasonCode { get; private init; }

    /// <summary>At least one where there is no alert.</summary>
    public IReadOnlyList<AlertFault> Faults { get; private init; } = [];

    [MemberNotNullWhen(true, nameof(Alert))]
    [MemberNotNullWhen(false, nameof(ReasonCode))]
    public bool IsAlert => Alert is not null;

    /// <summary>All faults in one line each, for a dead-letter description.</summary>
    public string Explanation => string.Join('\n', Faults.Select(fault => $"{fault.Place}: {fault.Problem} {fault.Remedy}"));

    internal static AlertReading Accepted(Alert alert) => new() { Alert = alert };

    internal static AlertReading Rejected(string reasonCode, params IReadOnlyList<AlertFault> faults) =>
        new() { ReasonCode = reasonCode, Faults = faults };
}

/// <summary>
/// The reason codes of <see cref="AlertReading.ReasonCode"/>; short enough for a dead-letter reason, stable enough to count.
/// </summary>
public static class AlertReasons
{
    public const string Empty = "Empty";
    public const string TooLarge = "TooLarge";
    public const string NotJson = "NotJson";
    public const string TooDeep = "TooDeep";
    public const string NoAlert = "NoAlert";
    public const string ManyAlerts = "ManyAlerts";
    public const string UnknownShape = "UnknownShape";
    public const string AmbiguousKey = "AmbiguousKey";
    public const string NoIdentity = "NoIdentity";

    /// <summary>The parser itself failed: a defect of ours, not of the message. Should never be seen.</summary>
    public const string ParserFault = "ParserFault";
}
