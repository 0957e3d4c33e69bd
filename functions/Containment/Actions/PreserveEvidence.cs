namespace IRFunctions.Containment.Actions;

/// <summary>Has the receiver copy what a workload leaves behind (memory, logs, conversation), before anything else changes it.</summary>
public sealed class PreserveEvidence(Connector connector)
    : WorkloadAction(
        connector,
        new WorkloadChange("preserve_evidence", "evidence", "preserved", "copy", Reversible: false, "has its evidence preserved", "")
    );
