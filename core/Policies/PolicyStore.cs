namespace IRFunctions.Policies;

/// <summary>
/// The policy in force. A change takes effect only when it loads clean; otherwise the one before stays, and the errors go to whoever is
/// paged.
/// </summary>
public sealed class PolicyStore
{
    private readonly IReadOnlyList<ActionCapability> catalogue;
    private volatile Policy current;

    private PolicyStore(Policy first, IReadOnlyList<ActionCapability> catalogue) => (current, this.catalogue) = (first, catalogue);

    /// <summary>
    /// The policy new incidents open with. An incident keeps the one it opened with by holding on to it, or to its files.
    /// </summary>
    public Policy Current => current;

    /// <summary>Loads the first policy.</summary>
    /// <exception cref="InvalidPolicyException">The policy has errors; the app must not start on it.</exception>
    public static PolicyStore Open(IReadOnlyList<PolicyFile> files, IReadOnlyList<ActionCapability> catalogue, DateTimeOffset today)
    {
        var reading = PolicyLoader.Load(files, catalogue, today);
        return reading.Ok ? new PolicyStore(reading.Policy, catalogue) : throw new InvalidPolicyException(reading.Errors);
    }

    /// <summary>Puts a changed policy in force where it loads clean.</summary>
    /// <returns>The errors that kept it out; empty where it is in force now.</returns>
    public IReadOnlyList<PolicyError> Replace(IReadOnlyList<PolicyFile> files, DateTimeOffset today)
    {
        var reading = PolicyLoader.Load(files, catalogue, today);
        if (reading.Ok)
            current = reading.Policy;
        return reading.Errors;
    }
}

/// <summary>The policy cannot be used; the message names every error with its place.</summary>
public sealed class InvalidPolicyException(IReadOnlyList<PolicyError> errors)
    : Exception($"The policy has {errors.Count} error(s):\n{string.Join('\n', errors)}")
{
    public IReadOnlyList<PolicyError> Errors { get; } = errors;
}
