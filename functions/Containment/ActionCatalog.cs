using IRFunctions.Connections;
using IRFunctions.Policies;

namespace IRFunctions.Containment;

/// <summary>Every action the code can do, by name. What is not here cannot run (S1).</summary>
public sealed class ActionCatalog
{
    private readonly Dictionary<string, IContainmentAction> actions;

    public ActionCatalog(IEnumerable<IContainmentAction> actions)
    {
        this.actions = actions.ToDictionary(a => a.Capability.Name, StringComparer.Ordinal);
        Capabilities = [.. this.actions.Values.Select(a => a.Capability).OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    public IReadOnlyList<ActionCapability> Capabilities { get; }

    /// <exception cref="PermanentFaultException">The action is not in the catalogue.</exception>
    public IContainmentAction Find(string name) =>
        actions.TryGetValue(name, out var action)
            ? action
            : throw new PermanentFaultException($"{name} is not in the catalogue of actions; nothing was done");
}
