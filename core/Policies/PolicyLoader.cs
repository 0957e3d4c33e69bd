namespace IRFunctions.Policies;

/// <summary>From policy files to a policy, or to every error in them.</summary>
public static class PolicyLoader
{
    /// <summary>Reads and cross-checks the whole set.</summary>
    /// <param name="files">The files of one folder, in any order.</param>
    /// <param name="catalogue">What the code can do.</param>
    /// <param name="today">The day of loading; dates far ahead of it are refused. A policy that loads today also loads later: what expires
    /// stops counting, it is no error.</param>
    public static PolicyReading Load(IReadOnlyList<PolicyFile> files, IReadOnlyList<ActionCapability> catalogue, DateTimeOffset today)
    {
        var errors = new List<PolicyError>();
        var sorted = files.OrderBy(file => file.Name, StringComparer.Ordinal).ToArray();
        CheckNames(sorted, errors);
        var known = new KnownNames
        {
            Catalogue = catalogue.ToDictionary(capability => capability.Name, StringComparer.Ordinal),
            Today = DateOnly.FromDateTime(today.UtcDateTime),
        };
        var parts = ReadParts(sorted, known, errors);
        return parts is not null && errors.Count == 0
            ? new PolicyReading(new Policy(sorted, parts))
            : new PolicyReading([
                .. errors
                    .OrderBy(error => error.File, StringComparer.Ordinal)
                    .ThenBy(error => error.Line)
                    .ThenBy(error => error.Column)
                    .ThenBy(error => error.Key, StringComparer.Ordinal)
                    .ThenBy(error => error.Problem, StringComparer.Ordinal)
                    .Distinct(),
            ]);
    }

    private static void CheckNames(PolicyFile[] files, List<PolicyError> errors)
    {
        foreach (var missing in PolicyNames.All.Where(name => files.All(file => file.Name != name)))
            new PolicyErrors(missing, errors).Add(1, 1, "", "the file is missing");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (!PolicyNames.All.Contains(file.Name))
                new PolicyErrors(file.Name, errors).Add(
                    1,
                    1,
                    "",
                    $"no part of the policy has this name; there are {string.Join(", ", PolicyNames.All)}",
                    DidYouMean.Guess(file.Name, PolicyNames.All)
                );
            else if (!seen.Add(file.Name))
                new PolicyErrors(file.Name, errors).Add(1, 1, "", "the file is given twice");
        }
    }

    // The order is that of the cross-checks: each file may name what the ones before it define.
    private static PolicyParts? ReadParts(PolicyFile[] files, KnownNames known, List<PolicyError> errors)
    {
        var context = Open(PolicyNames.Context);
        var contextFile = context is null ? null : ContextReader.Read(context);
        known.Checks = contextFile?.Checks;
        IReadOnlyDictionary<string, ApproverGroup> groups = new Dictionary<string, ApproverGroup>();
        if (Open(PolicyNames.Ladder) is { } ladder)
            (known.Ladders, known.Reminder, groups) = LadderReader.Read(ladder);
        if (Open(PolicyNames.Actions) is { } actions)
            known.Actions = new ActionsReader(known).Read(actions);
        var identities = Open(PolicyNames.Identities) is { } file ? IdentitiesReader.Read(file, known) : null;
        var threshold = Open(PolicyNames.Threshold) is { } thresholds ? ThresholdReader.Read(thresholds) : null;
        var budgets = Open(PolicyNames.Budgets) is { } budget ? BudgetsReader.Read(budget, known) : null;
        var breaker = Open(PolicyNames.Breaker) is { } breakers ? new BreakerReader(known).Read(breakers) : null;
        var exceptions = Open(PolicyNames.Exceptions) is { } exception ? ExceptionsReader.Read(exception, known) : null;
        var list = Open(PolicyNames.Protected) is { } protectedFile ? new ProtectedReader(known).Read(protectedFile) : default;
        if (errors.Count > 0 || identities is null || threshold is null || budgets is null || exceptions is null || breaker is null)
            return null;
        return new PolicyParts
        {
            Actions = [.. known.Actions!.Values],
            Ladders = [.. known.Ladders!.Values],
            Reminder = known.Reminder!,
            Groups = groups,
            Budgets = budgets,
            Breaker = breaker,
            Playbooks = PolicyWords.IdentityTypes.ToDictionary(pair => pair.Value, pair => identities.Playbooks[pair.Key]),
            Shared = identities.Playbooks[IdentitiesReader.Shared],
            SeveralRoles = identities.Playbooks[IdentitiesReader.SeveralRoles],
            SharedAccounts = identities.SharedAccounts,
            Workloads = identities.Workloads,
            Threshold = threshold,
            Checks = [.. known.Checks!.Values],
            Jobs = contextFile!.Jobs,
            CascadesWithin = contextFile.CascadesWithin,
            Drills = contextFile.Drills,
            Protected = list.Entries,
            Exceptions = exceptions,
            Windows = list.Windows,
        };

        Section? Open(string name)
        {
            var found = Array.Find(files, candidate => candidate.Name == name);
            var problems = new PolicyErrors(name, errors);
            return found is not null && YamlTree.Read(found, problems) is { } map ? new Section(map, "", problems) : null;
        }
    }
}
