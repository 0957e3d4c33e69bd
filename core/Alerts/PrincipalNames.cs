namespace IRFunctions.Alerts;

/// <summary>Sign-in names in the spellings of the sources.</summary>
internal static class PrincipalNames
{
    private static readonly System.Buffers.SearchValues<char> Characters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~"
    );

    /// <summary>What a name field holds: "adelev", "CONTOSO\adelev", "adelev@contoso.example", a claim that ends in one of them.</summary>
    public static NameParts Read(string? written)
    {
        if (written is null)
            return default;
        var name = OfClaim(written.Trim());
        if (name.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && IsPrincipalName(name))
            return new NameParts(name[..at], null, name);
        if (name.IndexOf('\\', StringComparison.Ordinal) is > 0 and var slash && slash < name.Length - 1 && slash == name.LastIndexOf('\\'))
        {
            var (domain, inner) = (name[..slash], name[(slash + 1)..]);
            // AzureAD\adelev@contoso.example is how a joined machine writes a cloud account.
            return IsPrincipalName(inner)
                ? new NameParts(inner[..inner.IndexOf('@', StringComparison.Ordinal)], domain, inner)
                : new NameParts(inner, domain, null) { WasQualified = true };
        }
        return new NameParts(name, null, null);
    }

    /// <summary>
    /// The principal name made of a name and a suffix; null where the name cannot be the first half of one (a display name, a name with
    /// its domain): an invented name may be somebody else's.
    /// </summary>
    public static string? Join(NameParts name, string? suffix)
    {
        if (name.Name is null || name.WasQualified || suffix is null || name.Name.AsSpan().ContainsAnyExcept(Characters))
            return null;
        var joined = $"{name.Name}@{suffix.TrimStart('@')}";
        return IsPrincipalName(joined) ? joined : null;
    }

    /// <summary>Whether a text can be a principal name or a mail address: one @, no spaces, something on both sides.</summary>
    public static bool IsPrincipalName(string? text) =>
        text is { Length: <= 254 }
        && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
        && at == text.LastIndexOf('@')
        && at < text.Length - 1
        && !text.AsSpan(0, at).ContainsAnyExcept(Characters)
        && !text.AsSpan(at + 1).ContainsAnyExcept(Characters);

    /// <summary>
    /// A guest's own address (kim@partner.example of kim_partner.example#EXT#@contoso.example); every other name as it is.
    /// </summary>
    public static string? Member(string? principalName)
    {
        var mark = principalName?.IndexOf("#EXT#@", StringComparison.OrdinalIgnoreCase) ?? -1;
        if (mark <= 0)
            return principalName;
        var own = principalName![..mark];
        return own.LastIndexOf('_') is > 0 and var at && at < own.Length - 1 ? $"{own[..at]}@{own[(at + 1)..]}" : principalName;
    }

    /// <summary>"i:0#.f|membership|adelev@contoso.example", "live.com#kim@partner.example" and "smtp:adelev@contoso.example".</summary>
    private static string OfClaim(string name)
    {
        if (name.StartsWith("i:0", StringComparison.OrdinalIgnoreCase) && name.LastIndexOf('|') is > 0 and var bar)
            name = name[(bar + 1)..];
        foreach (var prefix in (ReadOnlySpan<string>)["live.com#", "smtp:", "mailto:", "sip:"])
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                name = name[prefix.Length..];
        }
        return name;
    }
}

/// <summary>What one name says.</summary>
/// <param name="Name">The bare name.</param>
/// <param name="Domain">The domain or machine written before it.</param>
/// <param name="PrincipalName">The whole, where it is a principal name.</param>
internal readonly record struct NameParts(string? Name, string? Domain, string? PrincipalName)
{
    /// <summary>Whether it stood behind a domain: then it is a logon name, which may differ from the principal name.</summary>
    public bool WasQualified { get; init; }
}
