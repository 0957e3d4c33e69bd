using IRFunctions.Decisions;

namespace IRFunctions.Directory.Signals;

/// <summary>A source that is one table of advanced hunting, asked once for all identities of an alert.</summary>
public abstract class HuntedSource(Hunting hunting, HabitQuery query) : ISignalSource
{
    public abstract string Name { get; }

    /// <remarks>Advanced hunting allows 45 requests a minute in a tenant (Graph's reference, runHuntingQuery).</remarks>
    public string Cost => "one hunting query for an alert";

    public string Permission => Hunting.Permission;

    public abstract IReadOnlyList<string> Fills { get; }

    public abstract bool Covers(SignalSubject subject);

    public async Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var habits = await hunting.HabitsAsync(query, question.Subjects.Select(s => IdOf(s)!), cancellation);
        return
        [
            .. question.Subjects.SelectMany(subject =>
                Judge([.. habits.Where(h => h.Key.Equals(IdOf(subject), StringComparison.OrdinalIgnoreCase))], subject, question)
                    .Where(found => found.Seen is not null)
                    .Select(found => new SeenSignal(
                        subject.Key,
                        new ObservedSignal(found.Signal, found.Seen!.Minutes, $"{found.Seen.Text} ({Name})")
                    ))
            ),
        ];
    }

    /// <summary>Under which id the table has it.</summary>
    private protected virtual string? IdOf(SignalSubject subject) => subject.ActorId;

    private protected abstract IEnumerable<(string Signal, ObservedText? Seen)> Judge(
        IReadOnlyList<Habit> habits,
        SignalSubject subject,
        SignalQuestion question
    );
}
