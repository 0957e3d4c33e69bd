using System.Diagnostics.Metrics;

namespace IRFunctions.Limits;

/// <summary>
/// What the pipeline is worth, as meters: how fast people decide, how fast something is contained and taken back, what false alarms cost,
/// and how much of the budgets is used. Names of actions and rungs only; no person, no target.
/// </summary>
internal static class PipelineFigures
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "IRFunctions.Pipeline";

    private const string Seconds = "s";
    private const string Action = "irfunctions.action";

    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> Decisions = Meter.CreateHistogram<double>(
        "irfunctions.request.decision.duration",
        Seconds,
        "From asking people to how the request ended"
    );
    private static readonly Histogram<double> Containments = Meter.CreateHistogram<double>(
        "irfunctions.containment.start.duration",
        Seconds,
        "From registering the rollback to reading back that the effect is there"
    );
    private static readonly Histogram<double> Undos = Meter.CreateHistogram<double>(
        "irfunctions.containment.undo.duration",
        Seconds,
        "From asking for the undo to reading back that it is undone"
    );
    private static readonly Histogram<double> FalseAlarms = Meter.CreateHistogram<double>(
        "irfunctions.containment.false_alarm.duration",
        Seconds,
        "How long something was contained that a person then released"
    );
    private static readonly Histogram<double> Budgets = Meter.CreateHistogram<double>(
        "irfunctions.budget.used",
        "1",
        "Share of an hour's budget that is used, after each draw"
    );

    /// <param name="rung">Who was being asked when it ended.</param>
    /// <param name="result">How it ended.</param>
    public static void Decided(string action, string rung, string result, TimeSpan took) =>
        Decisions.Record(took.TotalSeconds, Tag(Action, action), Tag("irfunctions.rung", rung), Tag("irfunctions.result", result));

    public static void Contained(string action, TimeSpan took) => Containments.Record(took.TotalSeconds, Tag(Action, action));

    /// <param name="held">How long it was in effect, where a person released it; null where it ended otherwise.</param>
    public static void Undone(string action, string cause, TimeSpan took, TimeSpan? held)
    {
        Undos.Record(took.TotalSeconds, Tag(Action, action), Tag("irfunctions.cause", cause));
        if (held is { } length)
            FalseAlarms.Record(length.TotalSeconds, Tag(Action, action));
    }

    /// <param name="scope">"identity", "action" or "tenant".</param>
    public static void Drawn(string scope, int used, int allowed, bool granted)
    {
        if (allowed > 0)
            Budgets.Record((double)used / allowed, Tag("irfunctions.scope", scope), Tag("irfunctions.granted", granted));
    }

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
