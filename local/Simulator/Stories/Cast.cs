namespace IRFunctions.Local.Simulator.Stories;

/// <summary>An account of the simulated tenant.</summary>
internal sealed record CastUser(string Name, string Id, string Upn);

/// <summary>A message in somebody's inbox.</summary>
/// <param name="NetworkId">The network message id, which tells copies of one Message-ID apart.</param>
internal sealed record CastMail(string NetworkId, string InternetId, string Owner);

/// <summary>Somebody who answers.</summary>
/// <param name="Id">Object id that signs in.</param>
/// <param name="Human">The person behind the account: two accounts of one are one voice.</param>
/// <param name="Rungs">Rungs whose group names the account.</param>
internal sealed record CastPerson(string Name, string Id, string Human, IReadOnlyList<string> Rungs);

/// <summary>Who and what stories are about. Plain data: the checker reads it, too.</summary>
internal static class Cast
{
    private static string Id(string end) => $"00000000-0000-4000-8000-0000000000{end}";

    /// <summary>People whom alerts are about.</summary>
    public static IReadOnlyList<CastUser> Users { get; } =
    [
        new("Adele Vance", Id("a1"), "AdeleV@contoso.example"),
        new("Megan Bowen", Id("a2"), "MeganB@contoso.example"),
        new("Nestor Wilke", Id("a6"), "NestorW@contoso.example"),
        new("Diego Siciliani", Id("a7"), "DiegoS@contoso.example"),
        new("Isaiah Langer", Id("a8"), "IsaiahL@contoso.example"),
    ];

    /// <summary>Diego is registered: two people approve what is done to him.</summary>
    public static string TwoNeeded => Users[3].Id;

    public static CastUser Joni { get; } = new("Joni Sherman", Id("a4"), "JoniS@contoso.example");

    public static CastUser Admin { get; } = new("Patti Fernandez", Id("a9"), "admin.patti@contoso.example");

    public static CastUser BreakGlass { get; } = new("Break Glass", Id("c1"), "breakglass1@contoso.example");

    public static CastUser Lee { get; } = new("Lee Gu", Id("a5"), "LeeG@contoso.example");

    public static string OwnIdentity => Id("f1");

    public static CastUser Alex { get; } = new("Alex Analyst", Id("b1"), "AlexA@contoso.example");

    public static CastUser Sam { get; } = new("Sam Second", Id("b2"), "SamS@contoso.example");

    public static CastUser Morgan { get; } = new("Morgan Manager", Id("b3"), "MorganM@contoso.example");

    public static CastUser Robin { get; } = new("Robin Rota", Id("b4"), "RobinR@contoso.example");

    public static CastUser AlexAdmin { get; } = new("Alex's second account", Id("b5"), "AlexA.admin@contoso.example");

    public static CastUser RobinAdmin { get; } = new("Robin's second account", Id("b7"), "RobinR.admin@contoso.example");

    /// <summary>What the tenant has besides what it is seeded with.</summary>
    public static IReadOnlyList<CastUser> Added { get; } = [Users[2], Users[3], Users[4], Robin, AlexAdmin, RobinAdmin];

    public static IReadOnlyList<CastUser> Everybody { get; } =
    [.. Users, Joni, Admin, BreakGlass, Lee, Alex, Sam, Morgan, Robin, AlexAdmin, RobinAdmin];

    /// <summary>Never contained without a person, under any of their names (S9).</summary>
    public static IReadOnlyList<CastUser> Protected { get; } = [BreakGlass, Admin, Alex, Sam, Morgan, Robin, AlexAdmin, RobinAdmin];

    public static IReadOnlyList<CastPerson> People { get; } =
    [
        new("Alex", Alex.Id, "Alex", ["primary"]),
        new("Alex's second account", AlexAdmin.Id, "Alex", ["primary"]),
        new("Robin", Robin.Id, "Robin", ["primary", "secondary"]),
        new("Robin's second account", RobinAdmin.Id, "Robin", ["secondary"]),
        new("Sam", Sam.Id, "Sam", ["secondary"]),
        new("Morgan", Morgan.Id, "Morgan", ["manager"]),
        new("Megan, who is no approver", Users[1].Id, "Megan", []),
    ];

    public static CastPerson Person(string name) => People.First(p => p.Name == name);

    public static IReadOnlyList<string> Addresses { get; } =
    ["185.220.101.7", "185.220.101.9", "193.142.146.20", "91.219.236.18", "2a03:e600:100::7"];

    /// <summary>Ours, or nobody's: an alert may name them, the pipeline may not act on them alone.</summary>
    public static IReadOnlyList<string> OwnAddresses { get; } =
    ["198.51.100.20", "::ffff:198.51.100.20", "2002:c633:6414::1", "64:ff9b::c633:6414", "10.1.2.3", "127.0.0.1", "0.0.0.0"];

    /// <summary>Devices by Defender id; the last is the seeded database, which its owner registered as never to be touched.</summary>
    public static IReadOnlyList<(string DeviceId, string Name)> Devices { get; } =
    [
        ("1111111111111111111111111111111111111111", "ws-11.contoso.example"),
        ("2222222222222222222222222222222222222222", "ws-22.contoso.example"),
        ("3a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b", "erp-db-01.contoso.example"),
    ];

    public static string ErpDevice => Devices[^1].DeviceId;

    /// <summary>
    /// Messages 0 and 1 are one mail to two people, 4 is innocent and has the Message-ID of 3 in the same mailbox, and the last three are
    /// in mailboxes that nothing may touch alone.
    /// </summary>
    public static IReadOnlyList<CastMail> Mails { get; } =
    [
        new(Id("31"), "<m-1@evil.example>", Users[0].Id),
        new(Id("31"), "<m-1@evil.example>", Users[1].Id),
        new(Id("32"), "<m-2@evil.example>", Users[4].Id),
        new(Id("33"), "<m-3@evil.example>", Users[2].Id),
        new(Id("34"), "<m-3@evil.example>", Users[2].Id),
        new(Id("35"), "<m-5@evil.example>", BreakGlass.Id),
        new(Id("36"), "<m-6@evil.example>", Alex.Id),
        new(Id("37"), "<m-7@evil.example>", Admin.Id),
    ];

    /// <summary>The application by its object id, its client id and its service principal.</summary>
    public static IReadOnlyList<string> PayrollNames { get; } =
    ["00000000-0000-4000-8000-000000000201", "00000000-0000-4000-8000-000000000202", "00000000-0000-4000-8000-000000000203"];

    public static CastUser? UserOf(string idOrUpn) =>
        Everybody.FirstOrDefault(u =>
            u.Id.Equals(idOrUpn, StringComparison.OrdinalIgnoreCase) || u.Upn.Equals(idOrUpn, StringComparison.OrdinalIgnoreCase)
        );
}
