using System.Globalization;

namespace IRFunctions.Directory.Signals;

/// <summary>How often one identity did one thing in one way, as a log counts it.</summary>
/// <param name="Key">Id of the identity.</param>
/// <param name="Thing">What it used: a resource, a system, a session.</param>
/// <param name="Way">How or from where: an address, a device, an operation.</param>
/// <param name="Hour">Times in the last hour.</param>
/// <param name="Day">Times in the last 24 hours.</param>
/// <param name="Month">Times in the last 30 days.</param>
/// <param name="First">First time in the 30 days.</param>
/// <param name="Last">Last time.</param>
public sealed record Habit(string Key, string Thing, string Way, int Hour, int Day, int Month, DateTimeOffset First, DateTimeOffset Last)
{
    /// <summary>Whether it is of the last day and was never there before.</summary>
    public bool IsNew => Day > 0 && Month == Day;
}

/// <summary>
/// One question to a log: which identities, what they used and how, over 30 days. Every source asks in this one form, so that there is one
/// query to keep correct, and to keep free of text that an attacker wrote.
/// </summary>
/// <param name="Table">Table of advanced hunting or of a workspace.</param>
/// <param name="Time">Column with the time of a row.</param>
/// <param name="Key">Expression of the identity's id.</param>
/// <param name="Thing">Expression of what was used.</param>
/// <param name="Way">Expression of how.</param>
/// <param name="Where">Condition that a row must meet; null for none.</param>
public sealed record HabitQuery(string Table, string Time, string Key, string Thing, string Way, string? Where)
{
    /// <summary>Rows of an answer at most, the latest first: what is beyond them is older.</summary>
    public const int MaxRows = 500;

    /// <summary>ISO 8601 span that the query looks at.</summary>
    public const string Timespan = "P30D";

    /// <summary>The query in Kusto's language.</summary>
    /// <param name="ids">Object ids; whatever is none is left out.</param>
    public string For(IEnumerable<string> ids) =>
        $"{Table} | where {Time} > ago(30d)"
        + (Where is null ? "" : $" | where {Where}")
        + $" | extend Key = {Key} | where Key in ({string.Join(", ", ids.Where(IsId).Select(id => $"\"{id}\""))})"
        + $" | summarize Hour = countif({Time} > ago(1h)), Day = countif({Time} > ago(1d)), Month = count(), First = min({Time}), "
        + $"Last = max({Time}) by Key, Thing = {Thing}, Way = {Way} | top {MaxRows.ToString(CultureInfo.InvariantCulture)} by Last desc";

    /// <summary>Only GUIDs stand in a query, so no text of an alert or of a directory can.</summary>
    public static bool IsId(string id) => Guid.TryParseExact(id, "D", out _);

    /// <summary>A row of the answer; null where it is not as asked for.</summary>
    public static Habit? Read(Func<string, object?> column)
    {
        if (
            Text(column("Key")) is not { Length: > 0 } key
            || Moment(column("First")) is not { } first
            || Moment(column("Last")) is not { } last
        )
            return null;
        return new Habit(
            key,
            Text(column("Thing")),
            Text(column("Way")),
            Number(column("Hour")),
            Number(column("Day")),
            Number(column("Month")),
            first,
            last
        );
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static int Number(object? value) =>
        double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? (int)Math.Clamp(number, 0, int.MaxValue)
            : 0;

    // The client may have read it as a time already.
    private static DateTimeOffset? Moment(object? value) =>
        value is DateTimeOffset time ? time
        : value is DateTime plain ? new DateTimeOffset(DateTime.SpecifyKind(plain, DateTimeKind.Utc))
        : DateTimeOffset.TryParse(Text(value), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed
        : null;
}
