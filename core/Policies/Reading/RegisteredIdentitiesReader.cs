using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Policies;

/// <summary>Reads what owners registered in identities.yaml: shared accounts and workloads. Both lists may be missing.</summary>
[SuppressMessage("Globalization", "CA1308", Justification = "Ids are kept in lower case throughout, as Entra shows them.")]
internal static class RegisteredIdentitiesReader
{
    private static readonly Dictionary<string, IdentityType> Types = new(StringComparer.Ordinal)
    {
        ["known_workload"] = IdentityType.KnownWorkload,
        ["service_principal"] = IdentityType.ServicePrincipal,
        ["managed_identity"] = IdentityType.ManagedIdentity,
        ["ai_agent"] = IdentityType.AiAgent,
    };

    public static IReadOnlyList<SharedAccount> ReadShared(Section file) =>
        [
            .. Each(
                file,
                "shared_accounts",
                (item, id) =>
                    new SharedAccount
                    {
                        Id = id,
                        Owner = item.Text("owner"),
                        Ticket = item.Text("ticket"),
                        Why = item.Text("why"),
                        Until = item.Date("ends"),
                    }
            ),
        ];

    public static IReadOnlyList<RegisteredWorkload> ReadWorkloads(Section file) =>
        [
            .. Each(
                file,
                "workloads",
                (item, id) =>
                    new RegisteredWorkload
                    {
                        Id = id,
                        Type = item.Choice<IdentityType>("type", Types, IdentityType.KnownWorkload),
                        Owner = item.Text("owner"),
                        Ticket = item.Text("ticket"),
                        Until = item.Date("ends"),
                        BoundTo = ReadRanges(item),
                        WorksWith = item.Words("works_with"),
                        Snapshots = ReadAddress(item),
                        DependsOn = [.. item.Words("depends_on").Select(other => other.ToLowerInvariant())],
                    }
            ),
        ];

    private static IEnumerable<T> Each<T>(Section file, string key, Func<Section, string, T> read)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in file.Items(key, required: false))
        {
            var id = item.Text("id").ToLowerInvariant();
            if (id.Any(char.IsWhiteSpace))
                item.Problem("id", $"an id has no spaces: {PolicyErrors.Quote(id)}");
            else if (id.Length > 0 && !seen.Add(id))
                item.Problem("id", $"{id} is registered twice");
            var registered = read(item, id);
            item.Close();
            if (id.Length > 0)
                yield return registered;
        }
    }

    private static Uri? ReadAddress(Section item)
    {
        if (!item.Has("snapshots"))
            return null;
        // A state may hold secrets: it travels in the clear on this machine only.
        if (
            Uri.TryCreate(item.Text("snapshots"), UriKind.Absolute, out var address)
            && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback))
        )
            return address;
        item.Problem("snapshots", "an https address is expected, such as https://agent.example/state");
        return null;
    }

    private static IReadOnlyList<string> ReadRanges(Section item)
    {
        var ranges = item.Words("bound_to");
        foreach (var range in ranges)
            if (AddressRange.Parse(range) is null && AddressRange.Number(range) is null)
                item.Problem("bound_to", $"an address or a range such as 203.0.113.0/24 is expected, not {PolicyErrors.Quote(range)}");
        return ranges;
    }
}
