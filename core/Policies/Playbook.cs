using System.Text.Json.Serialization;

namespace IRFunctions.Policies;

/// <summary>What stands behind an account or application, as the directory says.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<IdentityType>))]
public enum IdentityType
{
    /// <summary>The directory does not know it, or could not be asked.</summary>
    Unknown,
    Person,
    PrivilegedPerson,
    ServicePrincipal,
    ManagedIdentity,
    AiAgent,
    BreakGlass,

    /// <summary>A person of another organisation, who was let in.</summary>
    Guest,

    /// <summary>An account or application that runs something and whose owner registered it in identities.yaml.</summary>
    KnownWorkload,
}

/// <summary>Which containment comes first.</summary>
public enum ContainmentKind
{
    /// <summary>Revoke sessions or tokens: the identity keeps working after a fresh sign-in.</summary>
    Soft,

    /// <summary>Disable: the identity stops working.</summary>
    Hard,
}

/// <summary>How one type of identity is contained. Several may apply to one identity; each can only add caution.</summary>
public sealed record Playbook
{
    /// <summary>"person", "ai_agent", ..., "shared" or "several_roles".</summary>
    public required string Name { get; init; }

    public required string Why { get; init; }

    /// <summary>Soft containment actions in their order.</summary>
    public IReadOnlyList<string> Soft { get; init; } = [];

    /// <summary>Hard containment actions in their order.</summary>
    public IReadOnlyList<string> Hard { get; init; } = [];

    public ContainmentKind First { get; init; }

    /// <summary>Whether any action may run on it without a person, where everything else allows it.</summary>
    public bool Alone { get; init; }

    /// <summary>Distinct approvers needed at least.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>Position of an action in this playbook, 1-based; 0 where the playbook does not use it.</summary>
    public int StepOf(string action)
    {
        var (early, late) = First == ContainmentKind.Soft ? (Soft, Hard) : (Hard, Soft);
        var step = Position(early, action);
        if (step > 0)
            return step;
        step = Position(late, action);
        return step > 0 ? early.Count + step : 0;
    }

    private static int Position(IReadOnlyList<string> actions, string action)
    {
        for (var i = 0; i < actions.Count; i++)
            if (actions[i] == action)
                return i + 1;
        return 0;
    }
}
