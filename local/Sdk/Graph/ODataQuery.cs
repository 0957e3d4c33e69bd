namespace Microsoft.Graph;

/// <summary>Query parameters as the client sends them: an encoded dollar sign before the name, lists with commas between.</summary>
internal static class ODataQuery
{
    public static (string Name, string? Value) List(string name, string[]? values) =>
        ("%24" + name, values is null ? null : string.Join(',', values.Select(Uri.EscapeDataString)));

    public static (string Name, string? Value) Text(string name, string? value) => ("%24" + name, value is null ? null : Uri.EscapeDataString(value));

    /// <summary>A parameter of Graph's own, which carries no dollar sign.</summary>
    public static (string Name, string? Value) Plain(string name, string? value) => (name, value is null ? null : Uri.EscapeDataString(value));
}
