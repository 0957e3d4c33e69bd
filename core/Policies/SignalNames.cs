namespace IRFunctions.Policies;

/// <summary>Signals that a policy may weigh. Each has code that fills it; a test goes through them (docs/signals.md).</summary>
public static class SignalNames
{
    public const string FirstSensitiveAccess = "first_time_sensitive_access";
    public const string AnomalousVolume = "anomalous_volume";
    public const string ToolChaining = "tool_chaining";
    public const string UnexpectedSecretRead = "unexpected_secret_read";
    public const string TokenMinting = "token_minting";
    public const string PrivilegeChange = "privilege_change";
    public const string CrossSystemMovement = "cross_system_movement";
    public const string BindingViolation = "identity_binding_violation";
    public const string SessionLifetime = "session_lifetime_violation";
    public const string ExposedKey = "publicly_exposed_key";

    /// <summary>
    /// Several people or services use it, by the look of its sign-ins. It has no points: the playbook of shared identities counts as well.
    /// </summary>
    public const string SharedUse = "shared_use";

    public static readonly IReadOnlyList<string> All =
    [
        FirstSensitiveAccess,
        AnomalousVolume,
        ToolChaining,
        UnexpectedSecretRead,
        TokenMinting,
        PrivilegeChange,
        CrossSystemMovement,
        BindingViolation,
        SessionLifetime,
        ExposedKey,
    ];
}
