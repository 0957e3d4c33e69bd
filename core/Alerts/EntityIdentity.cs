namespace IRFunctions.Alerts;

/// <summary>
/// When two entities are the same thing. They share a key and contradict each other nowhere: two accounts with one name and two object ids
/// stay two, so that no source can graft a foreign object id onto a known name.
/// </summary>
internal static class EntityIdentity
{
    /// <summary>Keys from strong to weak.</summary>
    public static List<string> KeysOf(Entity entity, string? scope)
    {
        var keys = new List<string>(4);
        switch (entity)
        {
            case AccountEntity account:
                AddAccountKeys(keys, account, scope);
                break;
            case HostEntity host:
                AddHostKeys(keys, host);
                break;
            case IpEntity ip:
                Add(keys, "ip", ip.Address);
                break;
            case MailMessageEntity mail:
                Add(keys, "mail", mail.NetworkMessageId ?? mail.InternetMessageId, mail.Recipient ?? "");
                break;
            case MailboxEntity mailbox:
                Add(keys, "mailbox-oid", mailbox.ObjectId);
                Add(keys, "mailbox", mailbox.PrimaryAddress);
                break;
            case ApplicationEntity application:
                Add(keys, "app-oid", application.ObjectId);
                Add(keys, "app", application.AppId);
                break;
            case AzureResourceEntity resource:
                Add(keys, "resource", resource.ResourceId);
                break;
            case FileEntity file:
                Add(keys, "sha256", file.Sha256, file.Path ?? "", file.Name ?? "");
                Add(keys, "file", file.Path ?? (file.Sha256 is null ? scope : null), file.Name ?? "");
                break;
            case ProcessEntity process:
                Add(keys, "process", process.ProcessId, process.CommandLine ?? "", process.ImageName ?? "", scope ?? "");
                break;
            case UrlEntity url:
                // Paths differ by case; the dictionary does not.
                Add(keys, "url", Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(url.Url)));
                break;
            case RegistryEntity registry:
                Add(keys, "registry", registry.Key, registry.Value ?? "");
                break;
            case OtherEntity other:
                Add(keys, "other", other.Type, other.Display, other.Extra ?? "");
                break;
        }
        return keys;
    }

    private static void AddAccountKeys(List<string> keys, AccountEntity account, string? scope)
    {
        Add(keys, "oid", account.ObjectId);
        Add(keys, "oid", Canonical.ObjectIdOfSid(account.Sid));
        Add(keys, "upn", PrincipalNames.Member(account.UserPrincipalName));
        // Well-known SIDs (S-1-5-18 and the like) name a different account on every machine; only a domain's SIDs are unique.
        Add(keys, "sid", account.Sid?.StartsWith("S-1-5-21-", StringComparison.OrdinalIgnoreCase) == true ? account.Sid : null);
        if (account.Domain is not null || scope is not null)
            Add(keys, "name", account.Name, account.Domain ?? "", scope ?? "");
    }

    private static void AddHostKeys(List<string> keys, HostEntity host)
    {
        Add(keys, "device", host.DefenderDeviceId);
        Add(keys, "entra-device", host.EntraDeviceId);
        Add(keys, "machine", host.AzureResourceId);
        Add(keys, "host", host.HostName, host.DnsDomain ?? "");
    }

    private static void Add(List<string> keys, string kind, string? first, params ReadOnlySpan<string> rest)
    {
        if (!string.IsNullOrEmpty(first))
            keys.Add($"{kind}\0{first}\0{string.Join('\0', rest)}");
    }

    /// <summary>No field known to both differs.</summary>
    public static bool AreCompatible(Entity one, Entity two) =>
        (one, two) switch
        {
            (AccountEntity a, AccountEntity b) => Agree(a.ObjectId, b.ObjectId)
                && Agree(PrincipalNames.Member(a.UserPrincipalName), PrincipalNames.Member(b.UserPrincipalName))
                && AgreeOnSid(a, b)
                && Agree(a.TenantId, b.TenantId)
                && (Agree(a.Name, b.Name) || (a.ObjectId is not null && b.ObjectId is not null)),
            (HostEntity a, HostEntity b) => Agree(a.DefenderDeviceId, b.DefenderDeviceId)
                && Agree(a.EntraDeviceId, b.EntraDeviceId)
                && Agree(a.AzureResourceId, b.AzureResourceId)
                && Agree(a.HostName, b.HostName)
                && Agree(a.DnsDomain, b.DnsDomain),
            (MailMessageEntity a, MailMessageEntity b) => Agree(a.NetworkMessageId, b.NetworkMessageId) && Agree(a.Recipient, b.Recipient),
            (MailboxEntity a, MailboxEntity b) => Agree(a.ObjectId, b.ObjectId) && Agree(a.PrimaryAddress, b.PrimaryAddress),
            (ApplicationEntity a, ApplicationEntity b) => Agree(a.ObjectId, b.ObjectId) && Agree(a.AppId, b.AppId),
            (FileEntity a, FileEntity b) => Agree(a.Sha256, b.Sha256)
                && Agree(a.Sha1, b.Sha1)
                && Agree(a.Name, b.Name)
                && Agree(a.Path, b.Path),
            _ => one.GetType() == two.GetType(),
        };

    /// <summary>One account has a SID of the cloud and one of the domain it came from.</summary>
    private static bool AgreeOnSid(AccountEntity one, AccountEntity two) =>
        Agree(one.Sid, two.Sid)
        || (one.ObjectId is not null && Agree(one.ObjectId, two.ObjectId) && IsOfTheCloud(one) != IsOfTheCloud(two));

    private static bool IsOfTheCloud(AccountEntity account) =>
        account.Sid?.StartsWith("S-1-12-1-", StringComparison.OrdinalIgnoreCase) == true;

    private static bool Agree(string? one, string? two) =>
        one is null || two is null || one.Equals(two, StringComparison.OrdinalIgnoreCase);

    /// <summary>The earlier one, with what only the later one knows. Its id and its display stay.</summary>
    public static Entity Merge(Entity first, Entity second)
    {
        var merged = (first, second) switch
        {
            (AccountEntity a, AccountEntity b) => a with
            {
                Display = a.UserPrincipalName is null && b.UserPrincipalName is not null ? b.Display : a.Display,
                ObjectId = a.ObjectId ?? b.ObjectId,
                UserPrincipalName = a.UserPrincipalName ?? b.UserPrincipalName,
                Sid = a.Sid ?? b.Sid,
                Name = a.Name ?? b.Name,
                Domain = a.Domain ?? b.Domain,
            },
            (HostEntity a, HostEntity b) => MergeHosts(a, b),
            (MailMessageEntity a, MailMessageEntity b) => a with
            {
                NetworkMessageId = a.NetworkMessageId ?? b.NetworkMessageId,
                InternetMessageId = a.InternetMessageId ?? b.InternetMessageId,
                Recipient = a.Recipient ?? b.Recipient,
                Sender = a.Sender ?? b.Sender,
                Subject = a.Subject ?? b.Subject,
            },
            (MailboxEntity a, MailboxEntity b) => a with
            {
                ObjectId = a.ObjectId ?? b.ObjectId,
                PrimaryAddress = a.PrimaryAddress ?? b.PrimaryAddress,
            },
            (ApplicationEntity a, ApplicationEntity b) => a with
            {
                ObjectId = a.ObjectId ?? b.ObjectId,
                AppId = a.AppId ?? b.AppId,
                Name = a.Name ?? b.Name,
            },
            (FileEntity a, FileEntity b) => a with
            {
                Display = a.Name is null && b.Name is not null ? b.Display : a.Display,
                Name = a.Name ?? b.Name,
                Path = a.Path ?? b.Path,
                Sha256 = a.Sha256 ?? b.Sha256,
                Sha1 = a.Sha1 ?? b.Sha1,
            },
            _ => first,
        };
        return merged with
        {
            SourceVerdict = Verdicts.Graver(first.SourceVerdict, second.SourceVerdict),
            Roles = first.Roles.Count == 0 ? second.Roles : [.. first.Roles.Union(second.Roles)],
            TenantId = first.TenantId ?? second.TenantId,
            IsForeign = first.IsForeign || second.IsForeign,
            Extra = WithBoth(first.Extra, second.Extra),
        };
    }

    /// <summary>
    /// What one mention says beside the other, as its last field "also": a list of objects. Where both have no room the first stays.
    /// </summary>
    private static string? WithBoth(string? first, string? second)
    {
        if (first is null || second is null || first.Contains(second[1..^1], StringComparison.Ordinal))
            return first ?? second;
        const string also = "\"also\":[";
        var whole =
            first.EndsWith("]}", StringComparison.Ordinal) && first.Contains(also, StringComparison.Ordinal)
                ? $"{first[..^2]},{second}]}}"
                : $"{first[..^1]},{also}{second}]}}";
        return whole.Length <= AlertLimits.MaxExtra ? whole : first;
    }

    private static HostEntity MergeHosts(HostEntity a, HostEntity b) =>
        a with
        {
            Display =
                (a.HostName is null && b.HostName is not null) || (a.DnsDomain is null && b.DnsDomain is not null) ? b.Display : a.Display,
            HostName = a.HostName ?? b.HostName,
            DnsDomain = a.DnsDomain ?? b.DnsDomain,
            DefenderDeviceId = a.DefenderDeviceId ?? b.DefenderDeviceId,
            EntraDeviceId = a.EntraDeviceId ?? b.EntraDeviceId,
            AzureResourceId = a.AzureResourceId ?? b.AzureResourceId,
            OsPlatform = a.OsPlatform ?? b.OsPlatform,
        };
}
