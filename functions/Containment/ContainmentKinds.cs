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
    public const string Rehearsed = "rehearsed";
}
