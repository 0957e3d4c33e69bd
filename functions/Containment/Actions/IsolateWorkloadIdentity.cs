namespace IRFunctions.Containment.Actions;

/// <summary>Cuts a workload identity off the network it works in.</summary>
public sealed class IsolateWorkloadIdentity(Connector connector)
    : WorkloadAction(
        connector,
        new WorkloadChange("isolate_workload_identity", "network", "isolated", "set", Reversible: true, "is isolated", "may connect again")
    );
