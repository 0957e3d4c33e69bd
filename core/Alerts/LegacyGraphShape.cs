using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// The older Graph security alert (GET /security/alerts/{id}), which integrations of before 2023 still forward: states by kind in place of
/// evidence. Source of the fields: Graph resource microsoft.graph.alert.
/// </summary>
internal static class LegacyGraphShape
{
    private static readonly (string List, string Kind)[] States =
    [
        ("userStates", "account"),
        ("hostStates", "host"),
        ("fileStates", "file"),
        ("processes", "process"),
        ("registryKeyStates", "registrykey"),
        ("messageSecurityStates", "mailmessage"),
        ("malwareStates", "malware"),
        ("cloudAppStates", "cloud app state"),
        ("vulnerabilityStates", "vulnerability"),
        ("uriClickSecurityStates", "url click"),
    ];

    public static bool Matches(Fields root) =>
        root.Has("id")
        && root.Has("title")
        && (root.Has("vendorInformation") || (root.Has("azureTenantId") && Array.Exists(States, state => root.HasList(state.List))));

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var (severity, severityText) = Drafts.SeverityOf(root, "severity");
        var vendor = root.Open("vendorInformation");
        var reader = new EntityReader(session, References.None);
        foreach (var (name, kind) in States)
        {
            foreach (var (item, place) in Items(root, name))
                reader.Read(item, place, kind);
        }
        foreach (var (item, place) in Items(root, "networkConnections"))
            Connection(Fields.Of(item, session, place), reader);
        foreach (var (item, place) in Items(root, "securityResources"))
            Resource(Fields.Of(item, session, place), reader);
        SignInAddresses(root, reader);
        root.Skip("@odata.type", "@odata.context");
        var incidents = root.Words("incidentIds");
        return Drafts.Finish(
            new Alert
            {
                Shape = AlertShape.GraphAlert,
                Id = Drafts.Id(root, "id"),
                TenantId = Drafts.Tenant(root.Line("azureTenantId", "azureSubscriptionId"), session),
                IncidentId = incidents.Count == 1 ? Canonical.Identifier(incidents[0]) : null,
                Title = Drafts.Title(root, "title"),
                Description = root.Block("description") ?? "",
                Severity = severity,
                SeverityText = severityText,
                Product = vendor?.Line("provider", "vendor") ?? "",
                Category = root.Line("category") ?? "",
                FirstActivity = root.Time("eventDateTime"),
                LastActivity = root.Time("lastEventDateTime"),
                Created = root.Time("createdDateTime"),
                Link = root.Words("sourceMaterials") is [var link, ..] ? link : null,
                Source = SourceStates.Of(root, "lastModifiedDateTime"),
            },
            session,
            root
        );
    }

    private static IEnumerable<(JsonElement Item, string Place)> Items(Fields root, string name) =>
        root.List(name) is not { } list
            ? []
            : list.EnumerateArray()
                .Select((item, index) => (Item: item, Place: $"{root.Place}.{name}[{index}]"))
                .Where(entry => entry.Item.ValueKind == JsonValueKind.Object);

    /// <summary>The far end where the direction says which it is; both where it does not, as in Graph's newer connections.</summary>
    private static void Connection(Fields fields, EntityReader reader)
    {
        var direction = fields.Line("direction")?.ToLowerInvariant();
        foreach (var (name, own) in (ReadOnlySpan<(string, string)>)[("sourceAddress", "outbound"), ("destinationAddress", "inbound")])
        {
            if (direction != own && fields.Valid(Canonical.Address, name) is { } address)
                reader.Add([Devices.IpOf(address)], null, []);
        }
        if (fields.Line("destinationUrl") is { } url)
            reader.Add([Mail.Link(url)], null, []);
        if (fields.Line("destinationDomain") is { } domain)
            reader.Add([Other("DNS", domain)], null, []);
    }

    private static void Resource(Fields fields, EntityReader reader)
    {
        var roles = fields.Words("resourceType");
        if (Devices.AzureResource(fields, References.None) is { Count: > 0 } made)
            reader.Add(made, null, roles);
        else if (fields.Line("resource") is { } name)
            reader.Add([Canonical.ResourceId(name) is { } id ? Besides.Resource(id) : Other("resource", name)], null, roles);
    }

    private static void SignInAddresses(Fields root, EntityReader reader)
    {
        if (root.List("userStates") is not { } users)
            return;
        foreach (var user in users.EnumerateArray().Where(user => user.ValueKind == JsonValueKind.Object))
        {
            if (Canonical.Address(References.Text(user, "logonIp")) is { } address)
                reader.Add([Devices.IpOf(address)], null, []);
        }
    }

    private static OtherEntity Other(string type, string name) =>
        new()
        {
            Id = "",
            Type = type,
            Display = name,
        };
}
