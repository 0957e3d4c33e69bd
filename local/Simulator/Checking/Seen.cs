namespace IRFunctions.Local.Simulator.Checking;

/// <summary>Something that truly changed in the tenant, or was accepted and was so already.</summary>
internal sealed record SeenEffect(DateTimeOffset At, string Effect, string Target, string Detail, bool Changed);

/// <summary>A request that reached the simulated services, with what came of it.</summary>
/// <param name="By">"pipeline"; "late" where its sender had been told that it failed; "outside" for somebody else.</param>
/// <param name="Fault">What went wrong with it; empty where it was answered as a service should.</param>
internal sealed record SeenRequest(
    DateTimeOffset At,
    string By,
    string Method,
    string Path,
    string Body,
    int Status,
    string Fault,
    IReadOnlyList<SeenEffect> Effects
);

/// <summary>An answer that a person got.</summary>
/// <param name="On">Id of the request or containment.</param>
/// <param name="Action">Of a containment; empty for a request.</param>
/// <param name="Target">Of a containment, "account:{id}"; empty for a request.</param>
internal sealed record SeenAnswer(
    DateTimeOffset At,
    string Who,
    string Verb,
    string On,
    string Action,
    string Target,
    double Hours,
    int Status,
    string Body
);

/// <summary>One line of the exported record.</summary>
/// <param name="Data">Details as JSON text; null where there are none.</param>
internal sealed record SeenEntry(string Chain, long Sequence, DateTimeOffset At, string Kind, string Actor, string Text, string? Data);

/// <summary>A promise that was broken.</summary>
/// <param name="Invariant">"S7".</param>
/// <param name="Rule">Short stable name of what was checked, for lists of known ones.</param>
internal sealed record Violation(string Invariant, string Rule, DateTimeOffset At, long Step, string Text)
{
    public string Id => $"{Invariant}.{Rule}";

    public override string ToString() => $"{Id} at {At:yyyy-MM-dd HH:mm:ss} UTC, step {Step}: {Text}";
}
