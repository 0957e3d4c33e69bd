namespace IRFunctions.Containment.Actions;

/// <summary>
/// Revokes the short-lived credentials of a workload. New ones are made at its next sign-in; the old ones never come back.
/// </summary>
public sealed class RevokeEphemeralCredentials(Connector connector)
    : WorkloadAction(
        connector,
        new WorkloadChange(
            "revoke_ephemeral_credentials",
            "credentials",
            "revoked",
            "delete",
            Reversible: false,
            "has no ephemeral credentials any more; new ones need a new sign-in",
            ""
        )
    );
