namespace IRFunctions.Containment;

/// <summary>Names on the record that only containment uses; the others are in the audit's own list.</summary>
public static class ContainmentKinds
{
    public const string Estimated = "estimated";
    public const string Probed = "probed";
    public const string Registered = "registered";
    public const string Notified = "notified";
    public const string Drifted = "drifted";
    public const string Repaired = "repaired";
    public const string TakenOver = "taken-over";

    /// <summary>The durable state was lost, and it is live again from what was written down.</summary>
    public const string Restored = "hold-restored";

    /// <summary>
    /// A person says that it was taken back without the pipeline, with a log; nothing of it was seen by the pipeline itself.
    /// </summary>
    public const string TakenBack = "taken-back";
    public const string Rehearsed = "rehearsed";
    public const string DrillAsked = "drill-asked";
}
