using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// Logons of accounts at servers and services. Source: table IdentityLogonEvents
/// (learn.microsoft.com/defender-xdr/advanced-hunting-identitylogonevents-table); it needs Defender for Identity.
/// </summary>
public sealed class LogonSignals(Hunting hunting)
    : HuntedSource(
        hunting,
        new HabitQuery(
            "IdentityLogonEvents",
            "Timestamp",
            "AccountObjectId",
            "DestinationDeviceName",
            "Protocol",
            "ActionType == \"LogonSuccess\""
        )
    )
{
    public override string Name => "logon log";

    public override IReadOnlyList<string> Fills { get; } = [SignalNames.CrossSystemMovement];

    public override bool Covers(SignalSubject subject) => subject.AccountId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(
        IReadOnlyList<Habit> habits,
        SignalSubject subject,
        SignalQuestion question
    )
    {
        yield return (SignalNames.CrossSystemMovement, Habits.Movement(habits, subject, question, "logged on to"));
    }
}
