namespace IRFunctions.Policies;

/// <summary>The spellings of a host's name that mean the same host.</summary>
public static class HostNames
{
    /// <summary>Without the dot of the root zone at its end ("erp.contoso.example." is the same name).</summary>
    public static string Plain(string name) => name.EndsWith('.') ? name.TrimEnd('.') : name;

    /// <summary>The first label of a full name; null where the name has one label only, or is no host name.</summary>
    public static string? LabelOf(string name)
    {
        var plain = Plain(name);
        var dot = plain.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !plain.Contains('/', StringComparison.Ordinal) && !plain.Contains('@', StringComparison.Ordinal)
            ? plain[..dot]
            : null;
    }
}
