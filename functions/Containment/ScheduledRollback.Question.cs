using IRFunctions.Alerts;

namespace IRFunctions.Containment;

/// <summary>What speaks against a containment that is in effect: shown to people, who decide; it changes nothing by itself.</summary>
public sealed partial class ScheduledRollback
{
    private const int MostQuestion = 1_000;

    /// <summary>People are asked whether it stays.</summary>
    /// <param name="why">In words; the last question counts.</param>
    public void Question(string why)
    {
        if (State.Status is ContainmentStatus.Live or ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed)
            State = State with { Question = TextBounds.Cut(why, MostQuestion) };
    }
}
