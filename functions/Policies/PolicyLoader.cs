namespace IRFunctions.Policies;

/// <summary>From policy files to a policy, or to every error in them.</summary>
public static class PolicyLoader
{
    /// <summary>Reads and cross-checks the whole set.</summary>
    /// <param name="files">The files of one folder, in any order.</param>
    /// <param name="catalogue">What the code can do.</param>
    /// <param name="today">The day by which exceptions must be time-bound; a policy that loads today still loads later.</param>
    public static PolicyReading Load(IReadOnlyList<PolicyFile> files, IReadOnlyList<ActionCapability> catalogue, DateTimeOffset today) =>
        throw new NotImplementedException();
}
