using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// Sign-ins of service principals, managed identities and agent identities. Source: table EntraIdSpnSignInEvents, which took the place of
/// AADSpnSignInEventsBeta in 2026 (learn.microsoft.com/defender-xdr/advanced-hunting-entraidspnsigninevents-table). Graph's v1.0 sign-ins
/// have people only.
/// </summary>
public sealed class WorkloadSignInSignals(Hunting hunting)
    : HuntedSource(
        hunting,
        new HabitQuery(
            "EntraIdSpnSignInEvents",
            "Timestamp",
            "ServicePrincipalId",
            "ResourceDisplayName",
            "strcat(IPAddress, \"|\", Country)",
            "ErrorCode == 0"
        )
    )
{
    /// <summary>Whoever may call these may change the tenant, its machines or its keys.</summary>
    private static readonly string[] Sensitive =
    [
        "Microsoft Graph",
        "Azure Resource Manager",
        "Windows Azure Service Management API",
        "Azure Key Vault",
    ];

    public override string Name => "workload sign-in log";

    public override IReadOnlyList<string> Fills { get; } =
    [SignalNames.FirstSensitiveAccess, SignalNames.AnomalousVolume, SignalNames.CrossSystemMovement, SignalNames.BindingViolation];

    public override bool Covers(SignalSubject subject) => subject.PrincipalId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(
        IReadOnlyList<Habit> habits,
        SignalSubject subject,
        SignalQuestion question
    )
    {
        var sensitive = question.Things(SignalNames.FirstSensitiveAccess, Sensitive);
        yield return (
            SignalNames.FirstSensitiveAccess,
            Habits.First(habits.Where(h => sensitive.Contains(h.Thing, StringComparer.OrdinalIgnoreCase)), "got tokens for")
        );
        yield return (SignalNames.AnomalousVolume, Habits.Volume(habits, question, "tokens"));
        yield return (SignalNames.CrossSystemMovement, Habits.Movement(habits, subject, question, "got tokens for"));
        yield return (SignalNames.BindingViolation, Habits.Binding(habits, subject));
    }
}
