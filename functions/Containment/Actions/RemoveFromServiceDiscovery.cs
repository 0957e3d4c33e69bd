namespace IRFunctions.Containment.Actions;

/// <summary>Takes a workload out of service discovery: nobody new finds it.</summary>
public sealed class RemoveFromServiceDiscovery(Connector connector)
    : WorkloadAction(
        connector,
        new WorkloadChange(
            "remove_from_service_discovery",
            "discovery",
            "removed",
            "set",
            Reversible: true,
            "is out of service discovery",
            "is in service discovery again"
        )
    );
