namespace IRFunctions.Containment.Actions;

/// <summary>Pauses an agent's session: it goes on where it stopped.</summary>
public sealed class PauseAgentSession(Connector connector)
    : WorkloadAction(
        connector,
        new WorkloadChange("pause_agent_session", "session", "paused", "set", Reversible: true, "is paused", "goes on where it stopped")
    );
