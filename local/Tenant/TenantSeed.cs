using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>The people and things a new tenant holds. All invented; the domain is reserved and resolves nowhere.</summary>
public static class TenantSeed
{
    public const string TenantId = "00000000-0000-4000-8000-000000000001";
    public const string PipelineObjectId = "00000000-0000-4000-8000-0000000000f9";
    public const string Adele = "00000000-0000-4000-8000-0000000000a1";
    public const string Megan = "00000000-0000-4000-8000-0000000000a2";
    public const string Joni = "00000000-0000-4000-8000-0000000000a4";
    public const string Lee = "00000000-0000-4000-8000-0000000000a5";
    public const string Admin = "00000000-0000-4000-8000-0000000000a9";
    public const string BreakGlass = "00000000-0000-4000-8000-0000000000c1";
    public const string ServiceAccount = "00000000-0000-4000-8000-0000000000d1";
    public const string Alex = "00000000-0000-4000-8000-0000000000b1";
    public const string Sam = "00000000-0000-4000-8000-0000000000b2";
    public const string Morgan = "00000000-0000-4000-8000-0000000000b3";

    public const string AdminGroup = "00000000-0000-4000-8000-0000000000e1";
    public const string PrimaryApprovers = "00000000-0000-4000-8000-0000000000e2";
    public const string SecondaryApprovers = "00000000-0000-4000-8000-0000000000e3";
    public const string Managers = "00000000-0000-4000-8000-0000000000e4";
    public const string AllApprovers = "00000000-0000-4000-8000-0000000000e5";
    public const string BreakGlassGroup = "00000000-0000-4000-8000-0000000000e6";
    public const string GlobalAdministrators = "00000000-0000-4000-8000-0000000000ef";

    /// <summary>
    /// An application with one password credential, <see cref="PayrollKey"/>, its application (client) id and its service principal.
    /// </summary>
    public const string PayrollApp = "00000000-0000-4000-8000-000000000201";
    public const string PayrollAppId = "00000000-0000-4000-8000-000000000202";
    public const string PayrollPrincipal = "00000000-0000-4000-8000-000000000203";
    public const string PayrollKey = "00000000-0000-4000-8000-000000000204";

    /// <summary>An application with two password credentials.</summary>
    public const string BuildApp = "00000000-0000-4000-8000-000000000211";

    /// <summary>Defender machine ids: a server without an owner, Adele's laptop, and a host that the shipped policy protects.</summary>
    public const string Server = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    public const string Laptop = "2a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    public const string ErpDatabase = "3a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    public const string ErpResource =
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/erp/providers/Microsoft.Compute/virtualMachines/erp-db-01";
    public const string LaptopEntraId = "00000000-0000-4000-8000-000000000221";

    /// <summary>The named location that a Conditional Access policy blocks.</summary>
    public const string BlockedLocation = "00000000-0000-4000-8000-0000000000fb";

    /// <summary>Alias of the watchlist of hostile addresses.</summary>
    public const string Watchlist = "irfunctions-addresses";

    /// <summary>Workspace of the watchlist; any other workspace in a path shows the same lists.</summary>
    public const string Workspace =
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/local/providers/Microsoft.OperationalInsights/workspaces/local";

    /// <summary>Internet message id of the phishing mail in Megan's inbox.</summary>
    public const string PhishingMail = "<invoice-20260301@mail.evil.example>";

    internal static void Fill(TenantState state, DateTimeOffset now)
    {
        foreach (var user in Users(now))
            state.Put(Kind.User, (string)user["id"]!, user);
        foreach (var group in Groups(now))
            state.Put(Kind.Group, (string)group["id"]!, group);
        state.Put(Kind.Watchlist, Watchlist, ArmWatchlists.NewWatchlist(Workspace, Watchlist, "Hostile addresses", now));
        state.Put(Kind.NamedLocation, OfficeId, Location(OfficeId, "Head office", "203.0.113.0/24", trusted: true, now));
        state.Put(
            Kind.NamedLocation,
            BlockedLocation,
            Location(BlockedLocation, "Blocked addresses", "192.0.2.255/32", trusted: false, now)
        );
        state.Put(
            Kind.Application,
            PayrollApp,
            GraphApplications.NewApplication(PayrollApp, PayrollAppId, "Payroll export", now, PayrollKey)
        );
        state.Put(
            Kind.Application,
            BuildApp,
            GraphApplications.NewApplication(
                BuildApp,
                "00000000-0000-4000-8000-000000000212",
                "Build agent",
                now,
                "00000000-0000-4000-8000-000000000213",
                "00000000-0000-4000-8000-000000000214"
            )
        );
        state.Put(
            Kind.ServicePrincipal,
            PayrollPrincipal,
            new JsonObject
            {
                ["id"] = PayrollPrincipal,
                ["appId"] = PayrollAppId,
                ["displayName"] = "Payroll export",
                ["accountEnabled"] = true,
                ["servicePrincipalType"] = "Application",
            }
        );
        AddMachine(state, Server, "vm1.contoso.example", null, null, null);
        AddMachine(state, Laptop, "laptop-adele.contoso.example", LaptopEntraId, null, Adele);
        AddMachine(state, ErpDatabase, "erp-db-01.contoso.example", null, ErpResource, null);
        for (var hour = 2; hour <= 20; hour += 3)
            GraphHunting.AddSignIn(state, Adele, "203.0.113.10", "CH", 0, now.AddHours(-hour));
        for (var minute = 10; minute <= 40; minute += 10)
            GraphHunting.AddSignIn(state, Adele, "203.0.113.77", "NL", minute == 10 ? 0 : 50126, now.AddMinutes(-minute));
        for (var hour = 1; hour <= 9; hour += 4)
            GraphHunting.AddSignIn(state, Megan, "203.0.113.10", "CH", 0, now.AddHours(-hour));
        Behaviour(state, now);
        const string megan = "MeganB@contoso.example";
        state.Put(
            Kind.Message,
            "AAMkSeed1AAA=",
            GraphMail.NewMessage(
                "AAMkSeed1AAA=",
                Megan,
                "Overdue invoice - act today",
                "billing@mail.evil.example",
                megan,
                PhishingMail,
                now
            )
        );
        state.Put(
            Kind.Message,
            "AAMkSeed2AAA=",
            GraphMail.NewMessage(
                "AAMkSeed2AAA=",
                Megan,
                "Lunch on Thursday?",
                "AdeleV@contoso.example",
                megan,
                "<lunch-1@contoso.example>",
                now
            )
        );
    }

    /// <summary>
    /// What the logs say of the night: somebody in Adele's session for two days, who administers mail for the first time.
    /// </summary>
    private static void Behaviour(TenantState state, DateTimeOffset now)
    {
        foreach (var hours in new[] { 49.0, 20, 0.3 })
            SimulatedTenant.AddLogRow(
                state,
                "EntraIdSignInEvents",
                now.AddHours(-hours),
                new JsonObject
                {
                    ["AccountObjectId"] = Adele,
                    ["IPAddress"] = "203.0.113.77",
                    ["Country"] = "NL",
                    ["EntraIdDeviceId"] = "",
                    ["SessionId"] = "session-of-adele",
                    ["ErrorCode"] = 0,
                }
            );
        SimulatedTenant.AddLogRow(
            state,
            "CloudAppEvents",
            now.AddMinutes(-12),
            new JsonObject
            {
                ["AccountObjectId"] = Adele,
                ["Application"] = "Microsoft Exchange Online",
                ["IsAdminOperation"] = true,
            }
        );
    }

    internal static JsonObject User(string id, string name, string upn, DateTimeOffset now, string title = "") =>
        new()
        {
            ["id"] = id,
            ["displayName"] = name,
            ["givenName"] = name.Split(' ')[0],
            ["surname"] = name.Split(' ')[^1],
            ["jobTitle"] = title,
            ["mail"] = upn,
            ["businessPhones"] = new JsonArray(),
            ["userPrincipalName"] = upn,
            ["accountEnabled"] = true,
            ["mailNickname"] = upn.Split('@')[0],
            ["proxyAddresses"] = new JsonArray($"SMTP:{upn}"),
            ["userType"] = "Member",
            ["createdDateTime"] = GraphUsers.Stamp(now.AddDays(-400)),
            ["signInSessionsValidFromDateTime"] = GraphUsers.Stamp(now.AddDays(-40)),
        };

    private const string OfficeId = "00000000-0000-4000-8000-0000000000fa";

    private static IEnumerable<JsonObject> Users(DateTimeOffset now)
    {
        yield return User(Adele, "Adele Vance", "AdeleV@contoso.example", now, "Retail Manager");
        yield return User(Megan, "Megan Bowen", "MeganB@contoso.example", now, "Marketing Manager");
        var left = User(Joni, "Joni Sherman", "JoniS@contoso.example", now, "Left the company");
        left["accountEnabled"] = false;
        yield return left;
        var synced = User(Lee, "Lee Gu", "LeeG@contoso.example", now, "Director");
        synced["onPremisesSyncEnabled"] = true;
        synced["onPremisesSamAccountName"] = "leeg";
        yield return synced;
        yield return User(Admin, "Patti Fernandez", "admin.patti@contoso.example", now, "Administrator");
        yield return User(BreakGlass, "Break Glass", "breakglass1@contoso.example", now, "Emergency access");
        var service = User(ServiceAccount, "svc-backup", "svc-backup@contoso.example", now, "Service account");
        service["employeeType"] = "Service";
        yield return service;
        yield return User(Alex, "Alex Analyst", "AlexA@contoso.example", now, "Security analyst");
        yield return User(Sam, "Sam Second", "SamS@contoso.example", now, "Security analyst");
        yield return User(Morgan, "Morgan Manager", "MorganM@contoso.example", now, "Head of security operations");
    }

    private static IEnumerable<JsonObject> Groups(DateTimeOffset now)
    {
        yield return Group(AdminGroup, "Tier 0 administrators", now, [Admin, BreakGlass], assignable: true);
        yield return Group(PrimaryApprovers, "Incident approvers, primary", now, [Alex]);
        yield return Group(SecondaryApprovers, "Incident approvers, secondary", now, [Sam]);
        yield return Group(Managers, "Incident approvers, managers", now, [Morgan]);
        yield return Group(AllApprovers, "Incident approvers", now, [PrimaryApprovers, SecondaryApprovers, Managers]);
        yield return Group(BreakGlassGroup, "Break-glass accounts", now, [BreakGlass]);
        yield return Role(GlobalAdministrators, "62e90394-69f5-4237-9190-012177145e10", "Global Administrator", now, [Admin, BreakGlass]);
    }

    internal static void AddMachine(
        TenantState state,
        string machineId,
        string name,
        string? entraDeviceId,
        string? azureResourceId,
        string? owner
    )
    {
        state.Put(
            Kind.Machine,
            machineId,
            new JsonObject
            {
                ["DeviceId"] = machineId,
                ["DeviceName"] = name,
                ["AadDeviceId"] = entraDeviceId ?? "",
                ["AzureResourceId"] = azureResourceId ?? "",
            }
        );
        if (entraDeviceId is not null)
        {
            var id = $"00000000-0000-4000-9000-{entraDeviceId[^12..]}";
            state.Put(Kind.Device, id, GraphDevices.NewDevice(id, entraDeviceId, name.Split('.')[0], owner));
        }
    }

    internal static JsonObject Role(string id, string? templateId, string? name, DateTimeOffset now, string[] members)
    {
        var role = Group(id, name ?? "", now, members);
        role["@odata.type"] = "#microsoft.graph.directoryRole";
        if (name is null)
            role.Remove("displayName");
        if (templateId is not null)
            role["roleTemplateId"] = templateId;
        return role;
    }

    private static JsonObject Group(string id, string name, DateTimeOffset now, string[] members, bool assignable = false) =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.group",
            ["id"] = id,
            ["displayName"] = name,
            ["description"] = name,
            ["createdDateTime"] = GraphUsers.Stamp(now.AddDays(-400)),
            ["groupTypes"] = new JsonArray(),
            ["isAssignableToRole"] = assignable,
            ["mailEnabled"] = false,
            ["securityEnabled"] = true,
            ["_members"] = new JsonArray([.. members.Select(m => (JsonNode)m)]),
        };

    private static JsonObject Location(string id, string name, string range, bool trusted, DateTimeOffset now) =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.ipNamedLocation",
            ["id"] = id,
            ["displayName"] = name,
            ["createdDateTime"] = GraphUsers.Stamp(now.AddDays(-400)),
            ["modifiedDateTime"] = GraphUsers.Stamp(now.AddDays(-400)),
            ["isTrusted"] = trusted,
            ["ipRanges"] = new JsonArray(new JsonObject { ["@odata.type"] = "#microsoft.graph.iPv4CidrRange", ["cidrAddress"] = range }),
        };
}
