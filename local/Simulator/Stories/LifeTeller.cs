namespace IRFunctions.Local.Simulator.Stories;

/// <summary>
/// What people at the source do with an alert after it came: they close it as one thing or another and open it again, and versions overtake
/// each other. Drawn from a stream of its own, so that it moves nothing else of a story.
/// </summary>
internal sealed class LifeTeller
{
    private readonly List<(TimeSpan At, AlertDraft Draft)> told = [];

    public IReadOnlyList<(TimeSpan At, AlertDraft Draft)> Told => told;

    public void Tell(SeededRandom random, TimeSpan at, AlertDraft draft)
    {
        if (random.Chance(0.08))
            ClosedBefore(random, at, draft);
        if (draft.Template == Template.GraphIncident || !random.Chance(0.3))
            return;
        var word = random.Pick(["falsePositive", "falsePositive", "informationalExpectedActivity", "truePositive"]);
        var closedAt = at + random.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(150));
        var closed = draft with
        {
            Status = "resolved",
            Classification = word,
            Revision = 2,
            Twist = Also(draft, $"its source closed it as {word}"),
        };
        told.Add((closedAt, closed));
        if (random.Chance(0.25))
            told.Add(
                (
                    closedAt + random.Span(TimeSpan.Zero, TimeSpan.FromMinutes(20)),
                    draft with
                    {
                        Revision = 1,
                        Twist = Also(draft, "an earlier version, after its closing"),
                    }
                )
            );
        if (random.Chance(0.3))
            told.Add(
                (
                    closedAt + random.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(200)),
                    draft with
                    {
                        Status = "inProgress",
                        Revision = 3,
                        Twist = Also(draft, "its source opened it again"),
                    }
                )
            );
    }

    /// <summary>Another alert about the same things, which was closed when it came.</summary>
    private void ClosedBefore(SeededRandom random, TimeSpan at, AlertDraft draft) =>
        told.Add(
            (
                at + random.Span(TimeSpan.Zero, TimeSpan.FromMinutes(90)),
                draft with
                {
                    Template = Template.GraphAlert,
                    Mark = 5_000 + draft.Mark,
                    AlertId = $"{draft.AlertId}-closed",
                    IncidentId = random.Chance(0.5) ? draft.IncidentId : $"{draft.IncidentId}-closed",
                    Status = "resolved",
                    Classification = random.Chance(0.5) ? "falsePositive" : null,
                    SecondId = null,
                    Revision = 1,
                    Twist = "its source had closed it before it came",
                }
            )
        );

    private static string Also(AlertDraft draft, string twist) => draft.Twist.Length == 0 ? twist : $"{draft.Twist}, {twist}";
}
