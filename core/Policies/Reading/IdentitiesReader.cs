namespace IRFunctions.Policies;

/// <summary>What identities.yaml says.</summary>
/// <param name="Playbooks">By the words of the file.</param>
internal sealed record IdentitiesFile(
    IReadOnlyDictionary<string, Playbook> Playbooks,
    IReadOnlyList<SharedAccount> SharedAccounts,
    IReadOnlyList<RegisteredWorkload> Workloads
);

/// <summary>Reads identities.yaml: the playbook of each identity type, and those for shared identities and for several roles.</summary>
internal static class IdentitiesReader
{
    public const string Shared = "shared";
    public const string SeveralRoles = "several_roles";

    private static readonly Dictionary<string, ContainmentKind> Firsts = new()
    {
        ["soft"] = ContainmentKind.Soft,
        ["hard"] = ContainmentKind.Hard,
    };

    public static IdentitiesFile Read(Section file, KnownNames known)
    {
        var playbooks = new Dictionary<string, Playbook>(StringComparer.Ordinal);
        if (file.Map("identities") is { } identities)
        {
            var names = PolicyWords.IdentityTypes.Keys.OrderBy(name => PolicyWords.InsteadOf(name) is null ? 0 : 1);
            foreach (var name in names.Append(Shared).Append(SeveralRoles))
                if (identities.Map(name, required: PolicyWords.InsteadOf(name) is null) is { } section)
                    playbooks[name] = ReadPlaybook(name, section, known);
                else if (PolicyWords.InsteadOf(name) is { } other && playbooks.TryGetValue(other, out var instead))
                    playbooks[name] = instead;
            identities.Close();
        }

        var (shared, workloads) = (RegisteredIdentitiesReader.ReadShared(file), RegisteredIdentitiesReader.ReadWorkloads(file));
        file.Close();
        return new IdentitiesFile(playbooks, shared, workloads);
    }

    private static Playbook ReadPlaybook(string name, Section section, KnownNames known)
    {
        var playbook = new Playbook
        {
            Name = name,
            Why = section.Text("why"),
            Soft = ReadActions(section, "soft", known),
            Hard = ReadActions(section, "hard", known),
            First = section.Choice("first", Firsts, ContainmentKind.Soft),
            Alone = section.Flag("alone", false),
            Quorum = section.Number("quorum", 1, 10, 1),
        };
        foreach (var action in playbook.Soft.Intersect(playbook.Hard))
            section.Problem("hard", $"{action} is soft containment in the same playbook");
        if (name == PolicyWords.Of(IdentityType.BreakGlass) && (playbook.Alone || playbook.Soft.Count + playbook.Hard.Count > 0))
            section.Problem(
                "why",
                "break-glass accounts are never contained by the pipeline (S9): this playbook has no actions and is not alone"
            );
        known.RequireQuorum(section, "quorum", playbook.Quorum, Ladder.DefaultName);
        section.Close();
        return playbook;
    }

    private static IReadOnlyList<string> ReadActions(Section section, string key, KnownNames known)
    {
        var actions = section.Words(key, required: true);
        known.RequireActions(section, key, actions);
        foreach (var action in actions)
            if (known.Actions?.GetValueOrDefault(action)?.TargetKind is { } kind and not ("account" or "application"))
                section.Problem(key, $"{action} concerns the kind {kind}, not an identity");
        return actions;
    }
}
