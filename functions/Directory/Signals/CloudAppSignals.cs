using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// What accounts and service principals do in cloud applications. Source: table CloudAppEvents, whose IsAdminOperation marks what an
/// administrator does (learn.microsoft.com/defender-xdr/advanced-hunting-cloudappevents-table); it needs Defender for Cloud Apps.
/// </summary>
public sealed class CloudAppSignals(Hunting hunting)
    : HuntedSource(
        hunting,
        new HabitQuery("CloudAppEvents", "Timestamp", "AccountObjectId", "Application", "iff(IsAdminOperation, \"admin\", \"\")", null)
    )
{
    public override string Name => "cloud app log";

    public override IReadOnlyList<string> Fills { get; } = [SignalNames.FirstSensitiveAccess, SignalNames.AnomalousVolume];

    public override bool Covers(SignalSubject subject) => subject.ActorId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(
        IReadOnlyList<Habit> habits,
        SignalSubject subject,
        SignalQuestion question
    )
    {
        yield return (SignalNames.FirstSensitiveAccess, Habits.First(habits.Where(h => h.Way == "admin"), "administered"));
        yield return (SignalNames.AnomalousVolume, Habits.Volume(habits, question, "operations"));
    }
}
