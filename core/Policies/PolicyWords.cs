namespace IRFunctions.Policies;

/// <summary>The words of the YAML files for the types of the code.</summary>
internal static class PolicyWords
{
    public static readonly IReadOnlyDictionary<string, IdentityType> IdentityTypes = new Dictionary<string, IdentityType>
    {
        ["person"] = IdentityType.Person,
        ["privileged_person"] = IdentityType.PrivilegedPerson,
        ["service_principal"] = IdentityType.ServicePrincipal,
        ["managed_identity"] = IdentityType.ManagedIdentity,
        ["ai_agent"] = IdentityType.AiAgent,
        ["break_glass"] = IdentityType.BreakGlass,
        ["guest"] = IdentityType.Guest,
        ["known_workload"] = IdentityType.KnownWorkload,
        ["unknown"] = IdentityType.Unknown,
    };

    /// <summary>
    /// The type whose playbook and points count where a policy written before there was this one has none; null for types that every policy
    /// has.
    /// </summary>
    public static string? InsteadOf(string type) =>
        type switch
        {
            "guest" => "person",
            "known_workload" => "unknown",
            _ => null,
        };

    public static string Of(IdentityType type) =>
        type switch
        {
            IdentityType.Person => "person",
            IdentityType.PrivilegedPerson => "privileged_person",
            IdentityType.ServicePrincipal => "service_principal",
            IdentityType.ManagedIdentity => "managed_identity",
            IdentityType.AiAgent => "ai_agent",
            IdentityType.BreakGlass => "break_glass",
            IdentityType.Guest => "guest",
            IdentityType.KnownWorkload => "known_workload",
            _ => "unknown",
        };
}
