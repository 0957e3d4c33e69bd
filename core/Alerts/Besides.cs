using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// What a SecurityAlert row and a Defender for Cloud export say beside their entities: the resources the alert is about, the tenant,
/// and the compromised entity. Source: learn.microsoft.com/azure/defender-for-cloud/continuous-export (schemas), the SecurityAlert table.
/// </summary>
internal static class Besides
{
    private static readonly string[] ResourceNames = ["azureResourceId", "resourceId", "_ResourceId", "resourceUri"];

    /// <summary>Reads the resources into entities.</summary>
    /// <returns>The workspace and the Entra tenant they name; null where they name none.</returns>
    public static (string? Workspace, string? Tenant) Resources(Fields fields)
    {
        string? workspace = null,
            tenant = null;
        if (fields.List("resourceIdentifiers") is { } list)
        {
            foreach (var item in list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
            {
                workspace ??= References.Text(item, "workspaceId");
                tenant ??=
                    Canonical.Guid(References.Text(item, "aadTenantId")) ?? Canonical.Guid(References.Text(item, "azureResourceTenantId"));
                var id = References.Text(item, "azureResourceId") ?? References.Text(item, "resourceId");
                if (Canonical.ResourceId(id) is { } resource)
                    Add(fields, resource);
            }
        }
        foreach (var name in ResourceNames)
        {
            if (fields.Valid(Canonical.ResourceId, name) is { } resource && !IsContainer(resource))
                Add(fields, resource);
        }
        return (workspace, tenant);
    }

    /// <summary>
    /// The compromised entity, where the entities name neither account nor machine nor resource: an account by its principal name, else a
    /// machine by its name. An address or a sentence is kept as text: it may be our own.
    /// </summary>
    public static void CompromisedEntity(Fields fields)
    {
        var entities = fields.Session.Entities;
        if (fields.Peek("compromisedEntity") is not { ValueKind: JsonValueKind.String } value || entities.Has<HostEntity>())
            return;
        if (entities.Has<AccountEntity>() || fields.Line("compromisedEntity") is not { } text)
            return;
        if (Made(text) is { } made)
            entities.Add(made);
    }

    private static Entity? Made(string text)
    {
        if (Canonical.ResourceId(text) is { } id)
            return Resource(id);
        if (PrincipalNames.IsPrincipalName(text))
            return new AccountEntity
            {
                Id = "",
                UserPrincipalName = text,
                Name = PrincipalNames.Read(text).Name,
                Display = text,
            };
        if (PrincipalNames.Read(text) is { WasQualified: true } account)
            return new AccountEntity
            {
                Id = "",
                Name = account.Name,
                Domain = account.Domain,
                Display = text,
            };
        var isName = text.Length <= 253 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        if (!isName || Canonical.Address(text) is not null || Canonical.Guid(text) is not null)
            return new OtherEntity
            {
                Id = "",
                Type = "compromised entity",
                Display = text,
            };
        var (name, domain) = Devices.HostParts(text);
        return new HostEntity
        {
            Id = "",
            HostName = name,
            DnsDomain = domain,
            Display = text,
        };
    }

    /// <summary>
    /// A virtual machine is a host as well: where the row names a host of the same name, it gets the resource's id.
    /// </summary>
    public static void JoinMachines(ReadingSession session)
    {
        // No more than are kept: a message of a megabyte could make this long.
        var machines = session.Entities.All.OfType<AzureResourceEntity>().Where(IsMachine).Take(AlertLimits.MaxEntities).ToList();
        foreach (var machine in machines)
        {
            var name = Canonical.LastSegment(machine.ResourceId)!;
            var hosts = session.Entities.All.OfType<HostEntity>().Where(host => IsCalled(host, name)).ToList();
            if (hosts is not [{ AzureResourceId: null } only])
                continue;
            session.Entities.Change(entity => ReferenceEquals(entity, only) ? only with { AzureResourceId = machine.ResourceId } : entity);
        }
    }

    private static bool IsCalled(HostEntity host, string name) => name.Equals(host.HostName, StringComparison.OrdinalIgnoreCase);

    private static bool IsMachine(AzureResourceEntity resource) =>
        resource.ResourceId.Contains("/providers/Microsoft.Compute/virtualMachines/", StringComparison.OrdinalIgnoreCase)
        || resource.ResourceId.Contains("/providers/Microsoft.HybridCompute/machines/", StringComparison.OrdinalIgnoreCase);

    /// <summary>A subscription or a resource group says where, not what.</summary>
    private static bool IsContainer(string id) => !id.Contains("/providers/", StringComparison.OrdinalIgnoreCase);

    private static void Add(Fields fields, string id) => fields.Session.Entities.Add(Resource(id));

    public static AzureResourceEntity Resource(string id) =>
        new()
        {
            Id = "",
            ResourceId = id,
            Display = Canonical.LastSegment(id)!,
        };
}
