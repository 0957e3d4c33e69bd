using System.Globalization;
using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// Sign-ins of accounts. Source: table EntraIdSignInEvents, which has session and device of each
/// (learn.microsoft.com/defender-xdr/advanced-hunting-entraidsigninevents-table). Graph's v1.0 sign-ins have no session.
/// </summary>
public sealed class SignInSignals(Hunting hunting)
    : HuntedSource(
        hunting,
        new HabitQuery(
            "EntraIdSignInEvents",
            "Timestamp",
            "AccountObjectId",
            "SessionId",
            "strcat(IPAddress, \"|\", Country, \"|\", EntraIdDeviceId)",
            "ErrorCode == 0"
        )
    )
{
    private const int LongestSession = 24 * 60;

    /// <summary>Devices of one day from which on an account is taken for shared: a person has a few.</summary>
    private const int DevicesOfSeveral = 5;

    public override string Name => "sign-in log";

    public override IReadOnlyList<string> Fills { get; } =
    [SignalNames.SessionLifetime, SignalNames.BindingViolation, SignalNames.SharedUse];

    public override bool Covers(SignalSubject subject) => subject.AccountId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(
        IReadOnlyList<Habit> habits,
        SignalSubject subject,
        SignalQuestion question
    )
    {
        yield return (SignalNames.SessionLifetime, Session(habits, question));
        // A person travels; what runs somewhere does not.
        if (subject.Registered is { BoundTo.Count: > 0 })
            yield return (SignalNames.BindingViolation, Habits.Binding(habits, subject));
        yield return (SignalNames.SharedUse, Shared(habits));
    }

    private static ObservedText? Session(IReadOnlyList<Habit> habits, SignalQuestion question)
    {
        var least = question.Least(SignalNames.SessionLifetime, LongestSession);
        var longest = habits
            .Where(h => h.Thing.Length > 0)
            .GroupBy(h => h.Thing, StringComparer.Ordinal)
            .Where(g => g.Any(h => h.Day > 0))
            .Select(g => (int)Math.Min(int.MaxValue, (g.Max(h => h.Last) - g.Min(h => h.First)).TotalMinutes))
            .DefaultIfEmpty(0)
            .Max();
        return longest >= least
            ? new ObservedText(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"one session was used for {longest / 60.0:0.0} hours, {least / 60.0:0.#} are allowed"
                ),
                longest
            )
            : null;
    }

    private static ObservedText? Shared(IReadOnlyList<Habit> habits)
    {
        var devices = habits
            .Where(h => h.Day > 0)
            .Select(h => h.Way.Split('|') is [_, _, var device] ? device : "")
            .Where(d => d.Length > 0)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Count();
        return devices >= DevicesOfSeveral ? new ObservedText($"{devices} devices signed in with it within a day") : null;
    }
}
