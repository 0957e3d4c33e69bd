using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>Azure roles as the compiled template assigns them (which, on what, to whom) and as docs/permissions.md explains them.</summary>
[Collection(Bicep.Collection)]
public sealed partial class RoleTests(Bicep bicep)
{
    private const string Access = "bicep/modules/access.bicep";
    private const string Receiver = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0";
    private const string Owner = "090c5cfd-751d-490a-894a-3ce6f1109419";
    private static readonly string Table = File.ReadAllText(Path.Combine(Sources.Root, "docs", "permissions.md"));

    // Words of the table's column "On" for the end of a scope's id. main.bicep puts run and rec into the names of the two accounts.
    private static readonly (string Scope, string Words)[] Places =
    [
        (@"/storageAccounts/\w+run\w{6}$", "runtime storage"),
        (@"/storageAccounts/\w+rec\w{6}$", "record storage"),
        ("/containers/checkpoints$", "checkpoints"),
        ("/containers/agents$", "agents' snapshots"),
        ("/queues/alerts$", "alerts"),
        ("/queues/activity$", "activity"),
        ("/keys/record-signing$", "key record-signing"),
        ("/vaults/[^/]+$", "vault"),
        ("/Microsoft.Insights/components/[^/]+$", "Application Insights"),
        ("/Microsoft.CognitiveServices/accounts/[^/]+$", "model account"),
        ("/taskHubs/[^/]+$", "task hub"),
        ("/SENTINEL-GROUP/providers/Microsoft.OperationalInsights/workspaces/SENTINEL-WORKSPACE$", "Sentinel workspace"),
        ("^/subscriptions/[^/]+/resourceGroups/[^/]+$", "resource group"),
    ];

    [Fact]
    public void The_role_assignments_are_those_of_the_table() => Assert.Empty(Differences(bicep.Shipped, Table));

    [Theory]
    [InlineData($"{Receiver}' // Azure Service Bus Data Receiver", $"{Owner}' // Azure Service Bus Data Owner", "Owner is assigned")]
    [InlineData(Receiver, Owner, $"{Owner} is assigned and not in the table")]
    [InlineData("// Azure Service Bus Data Receiver", "// Azure Service Bus Data Owner", "Data Owner is assigned and not in the table")]
    [InlineData("scope: record::blobs::checkpoints", "scope: record", "Storage Blob Data Contributor is assigned on record storage")]
    [InlineData("scope: namespace::activity", "scope: namespace", "Azure Service Bus Data Receiver is assigned on /subscriptions/")]
    [InlineData("= if (durableInStorage) {", "= if (durableInStorage && empty(queue)) {", "Queue Data Contributor is in the table and not")]
    public void A_role_that_only_bicep_knows_or_has_lost_is_seen(string old, string changed, string problem) =>
        Assert.Contains(Differences(bicep.With(Access, old, changed), Table), d => d.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void A_role_that_goes_to_somebody_else_is_seen()
    {
        var broken = bicep.With("bicep/modules/playbook.bicep", "cloud!.identity.principalId", "sentinelServicePrincipalId");
        Assert.Equal(["Azure Service Bus Data Sender is given to Sentinel, not to Playbooks"], Differences(broken, Table));
    }

    [Theory]
    [InlineData("| Key Vault Crypto User | 12338af0", "| Key Vault Crypto Officer | 12338af0")]
    [InlineData("| key record-signing |", "| vault |")]
    [InlineData("AlertIntake.cs: ServiceBusTrigger", "AlertIntake.cs: ServiceBusSender")]
    [InlineData("`functions/Recording/AuditChain.cs", "`functions/Audit/Gone.cs")]
    public void A_role_that_only_the_table_knows_or_the_code_no_longer_uses_is_seen(string old, string changed)
    {
        Assert.Contains(old, Table, StringComparison.Ordinal);
        Assert.NotEmpty(Differences(bicep.Shipped, Table.Replace(old, changed, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Differences(BicepFolder folder, string table)
    {
        var rows = Row()
            .Matches(table)
            .Select(m => m.Groups)
            .Select(g => new Role(g[1].Value, g[2].Value, g[3].Value, g[4].Value, g[5].Value, g[6].Value))
            .ToList();
        var assigned = folder.Everything.RoleAssignments.Concat(folder.EverythingWithScheduler.RoleAssignments).ToList();
        // A compiled template knows ids only; their names stand beside them in the source, for people.
        var named = folder
            .Files("*.bicep")
            .SelectMany(f => Named().Matches(folder.Source(f)))
            .Select(m => (Name: m.Groups[2].Value, Id: m.Groups[1].Value))
            .ToHashSet();
        var unknown = assigned.Select(a => a.RoleId).Distinct().Where(id => rows.All(r => r.Id != id));
        return named
            .Where(n => rows.All(r => (r.Name, r.Id) != n))
            .Select(n => $"{n.Name} is assigned and not in the table with {n.Id}")
            .Concat(rows.Where(r => !named.Contains((r.Name, r.Id))).Select(r => $"{r.Name} is in the table and not named beside {r.Id}"))
            .Concat(unknown.Select(id => $"{id} is assigned and not in the table"))
            .Concat(rows.SelectMany(r => OfRow(r, [.. assigned.Where(a => a.RoleId == r.Id)])));
    }

    private static IEnumerable<string> OfRow(Role row, IReadOnlyList<RoleAssignment> assigned)
    {
        if (assigned.Count == 0)
            yield return $"{row.Name} is in the table and not assigned";
        var places = assigned.Select(a => Places.FirstOrDefault(p => Regex.IsMatch(a.Scope, p.Scope)).Words ?? a.Scope).ToHashSet();
        var said = Places.Select(p => p.Words).Where(w => row.On.Contains(w, StringComparison.Ordinal)).ToList();
        foreach (var place in places.Except(said))
            yield return $"{row.Name} is assigned on {place}, which the table does not say";
        foreach (var place in said.Except(places))
            yield return $"{row.Name} is not assigned on {place}, as the table says";
        var others = assigned.Select(HolderOf).Where(h => h != row.Meant).Distinct();
        foreach (var other in others)
            yield return $"{row.Name} is given to {other}, not to {row.Meant}";
        var file = Path.Combine(Sources.Root, row.Path);
        var stillUsed = File.Exists(file) && File.ReadAllText(file).Contains(row.Text, StringComparison.Ordinal);
        if (!stillUsed)
            yield return $"{row.Name}: {row.Path} has no {row.Text}, which was the reason for it";
    }

    private static Holder HolderOf(RoleAssignment assignment) =>
        assignment.Principal.Contains("/Microsoft.ManagedIdentity/userAssignedIdentities/", StringComparison.Ordinal) ? Holder.Pipeline
        : assignment.Principal.Contains("/Microsoft.Logic/workflows/", StringComparison.Ordinal) ? Holder.Playbooks
        : assignment.Principal == BicepFolder.SomeId ? Holder.Sentinel
        : Holder.SomebodyElse;

    private enum Holder
    {
        Pipeline,
        Playbooks,
        Sentinel,
        SomebodyElse,
    }

    private sealed record Role(string Name, string Id, string On, string Why, string Path, string Text)
    {
        public Holder Meant =>
            Why.StartsWith("The playbooks' identities", StringComparison.Ordinal) ? Holder.Playbooks
            : Why.StartsWith("Sentinel's own service principal", StringComparison.Ordinal) ? Holder.Sentinel
            : Holder.Pipeline;
    }

    [GeneratedRegex(@"^var \w+ = '([0-9a-f-]{36})' // (.+)$", RegexOptions.Multiline)]
    private static partial Regex Named();

    [GeneratedRegex(@"^\| ([^|]+) \| ([0-9a-f-]{36}) \| ([^|]*) \| ([^|]*) \| `([^:`]+): ([^`]+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
