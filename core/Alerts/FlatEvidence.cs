namespace IRFunctions.Alerts;

/// <summary>
/// Evidence as columns of one row, as advanced hunting, custom detections and the XDR streaming API write it (tables AlertInfo and
/// AlertEvidence; learn.microsoft.com/defender-xdr/advanced-hunting-alertevidence-table). EvidenceRole is about the entity of EntityType;
/// the other columns say with what it happened.
/// </summary>
internal static class FlatEvidence
{
    private static readonly string[] Columns =
    [
        "accountObjectId",
        "accountUpn",
        "accountSid",
        "accountName",
        "remoteIP",
        "remoteUrl",
        "evidenceRole",
        "localIP",
        "initiatingProcessAccountUpn",
        "initiatingProcessAccountObjectId",
        "recipientEmailAddress",
        "oauthApplicationId",
        "cloudResource",
    ];

    public static bool Matches(Fields fields) => Array.Exists(Columns, fields.HasScalar) || fields.Has("entityType");

    public static void Read(Fields fields, EntityReader reader)
    {
        var subject = EntityReader.KindOf(fields.Line("entityType"));
        var roles = Verdicts.Roles(fields);
        var verdict = Verdicts.Of(fields);
        // The whole entity as Sentinel's table writes it, with more than the columns say.
        if (fields.Open("additionalFields") is { } whole && whole.Has("Type"))
        {
            reader.Read(fields.Peek("additionalFields")!.Value, $"{fields.Place}.AdditionalFields", null);
            fields.Drop("additionalFields");
        }
        foreach (var (kind, maker) in Makers)
        {
            var isSubject = kind.Split(' ').Contains(subject);
            reader.Add(maker(fields), isSubject ? verdict : null, isSubject ? roles : []);
        }
    }

    private static readonly (string Kind, Func<Fields, List<Entity>> Make)[] Makers =
    [
        ("user account", Account),
        ("mailbox", fields => fields.HasScalar("mailboxPrimaryAddress") ? Identities.Mailbox(fields, References.None) : []),
        (
            "machine device host",
            fields => fields.HasScalar("deviceId") || fields.HasScalar("deviceName") ? Devices.Host(fields, References.None) : []
        ),
        ("ip", fields => Devices.Ip(fields, References.None)),
        ("url", fields => Mail.Url(fields, References.None)),
        (
            "mailmessage mailcluster",
            fields =>
                fields.HasScalar("networkMessageId") || fields.HasScalar("internetMessageId") ? Mail.Messages(fields, References.None) : []
        ),
        ("process", fields => fields.HasScalar("processCommandLine") ? Traces.Process(fields, References.None) : []),
        (
            "file",
            fields =>
                fields.HasScalar("fileName") || fields.HasScalar("sha256") || fields.HasScalar("sha1")
                    ? Traces.File(fields, References.None)
                    : []
        ),
        ("registrykey registryvalue", fields => fields.HasScalar("registryKey") ? Traces.Registry(fields, References.None) : []),
        ("oauthapplication cloudapplication serviceprincipal", Application),
        ("azureresource cloudresource", fields => Devices.AzureResource(fields, References.None)),
    ];

    private static List<Entity> Account(Fields fields)
    {
        string[] ids = ["accountObjectId", "accountUpn", "accountSid", "accountName"];
        if (Array.Exists(ids, fields.HasScalar))
            return Identities.Account(fields, References.None);
        var principal = fields.Line("initiatingProcessAccountUpn");
        var name = fields.Line("initiatingProcessAccountName");
        var id = fields.ObjectId("initiatingProcessAccountObjectId");
        if ((principal ?? name ?? id) is not { } display)
            return [];
        return
        [
            new AccountEntity
            {
                Id = "",
                ObjectId = id,
                UserPrincipalName = PrincipalNames.IsPrincipalName(principal) ? principal : null,
                Name = name,
                Domain = fields.Line("initiatingProcessAccountDomain"),
                Sid = fields.Line("initiatingProcessAccountSid"),
                Display = display,
            },
        ];
    }

    private static List<Entity> Application(Fields fields) =>
        fields.HasScalar("oauthApplicationId") || fields.HasScalar("servicePrincipalId")
            ? Identities.Application(fields, References.None)
            : [];
}
