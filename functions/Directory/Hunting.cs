using System.Globalization;
using System.Net;
using IRFunctions.Connections;
using IRFunctions.Directory.Signals;
using Microsoft.Graph;
using Microsoft.Graph.Security.MicrosoftGraphSecurityRunHuntingQuery;

namespace IRFunctions.Directory;

/// <summary>Sign-ins of the last 24 hours, by one account or from one address.</summary>
/// <param name="Succeeded">Successful ones.</param>
/// <param name="Failed">Failed ones.</param>
/// <param name="Countries">Different countries they came from.</param>
/// <param name="Others">Different addresses of the account, or accounts from the address.</param>
public sealed record SignIns(int Succeeded, int Failed, int Countries, int Others)
{
    public static SignIns None { get; } = new(0, 0, 0, 0);
}

/// <summary>A device of Defender's inventory.</summary>
/// <param name="DeviceId">Defender machine id.</param>
/// <param name="Name">Fully qualified where the device has a domain.</param>
internal sealed record KnownDevice(string DeviceId, string? Name, string? EntraDeviceId, string? AzureResourceId);

/// <summary>Columns of the table DeviceInfo by which a device is found; their names are the table's.</summary>
internal enum DeviceColumn
{
    DeviceId,
    AadDeviceId,
    AzureResourceId,
    DeviceName,
}

/// <summary>
/// What the logs say, by Microsoft Graph's hunting query: counts only, for many things in one query. Object ids and addresses are checked
/// to be such before they stand in a query, so no text of an alert can.
/// </summary>
public sealed class Hunting(GraphServiceClient graph)
{
    /// <summary>Least privilege for hunting queries.</summary>
    public const string Permission = "ThreatHunting.Read.All";

    /// <summary>Things in one query; the rest is not asked about.</summary>
    public const int MaxAtOnce = 20;

    private const string SignInTable = "EntraIdSignInEvents";
    private const string LastDay = " | where Timestamp > ago(1d)";
    private const string SignInColumns = "SignIns = countif(ErrorCode == 0), Failed = countif(ErrorCode != 0), Countries = dcount(Country)";

    /// <summary>Sign-ins by account object id; an account without any has an entry of zeros.</summary>
    /// <exception cref="PermanentFaultException">It cannot be asked.</exception>
    /// <exception cref="TransientFaultException">It cannot be asked now.</exception>
    public Task<IReadOnlyDictionary<string, SignIns>> SignInsOfAsync(IEnumerable<string> accounts, CancellationToken cancellation) =>
        SignInsAsync("AccountObjectId", "IPAddress", accounts.Where(a => Guid.TryParseExact(a, "D", out _)), cancellation);

    /// <summary>Sign-ins by the address they came from.</summary>
    /// <inheritdoc cref="SignInsOfAsync"/>
    public Task<IReadOnlyDictionary<string, SignIns>> SignInsFromAsync(IEnumerable<string> addresses, CancellationToken cancellation) =>
        SignInsAsync("IPAddress", "AccountObjectId", addresses.Where(IsAddress), cancellation);

    /// <summary>
    /// Criticality of accounts by object id, 0 (very high) to 3 (low); null where the register says nothing. Source: column
    /// CriticalityLevel ("the criticality score of the account") of table IdentityInfo,
    /// learn.microsoft.com/defender-xdr/advanced-hunting-identityinfo-table; it needs Defender for Identity or Sentinel's UEBA. A row is
    /// written at least daily, so the least of fourteen days is the most cautious recent one.
    /// </summary>
    /// <inheritdoc cref="SignInsOfAsync"/>
    public Task<IReadOnlyDictionary<string, int?>> AccountCriticalityAsync(IEnumerable<string> accounts, CancellationToken cancellation) =>
        CriticalityAsync(
            "IdentityInfo",
            "AccountObjectId",
            "CriticalityLevel",
            accounts.Where(a => Guid.TryParseExact(a, "D", out _)),
            cancellation
        );

    /// <summary>
    /// Criticality of devices by Defender device id, as of accounts. Source: NodeProperties.rawData.criticalityLevel.criticalityLevel of
    /// table ExposureGraphNodes, where 0 is very high and 3 is low (learn.microsoft.com/security-exposure-management, schemas and
    /// operators; Microsoft's hunting examples compare it with "&lt; 4"); the entity id of type DeviceInventoryId is the DeviceId of the
    /// other tables.
    /// </summary>
    /// <inheritdoc cref="SignInsOfAsync"/>
    public Task<IReadOnlyDictionary<string, int?>> DeviceCriticalityAsync(IEnumerable<string> devices, CancellationToken cancellation) =>
        CriticalityAsync(
            "ExposureGraphNodes | where NodeLabel == \"device\" | mv-expand EntityId = EntityIds | where tostring(EntityId.type) == "
                + "\"DeviceInventoryId\" | extend DeviceId = tostring(EntityId.id)",
            "DeviceId",
            "toint(NodeProperties.rawData.criticalityLevel.criticalityLevel)",
            devices.Where(IsDeviceId),
            cancellation
        );

    /// <summary>
    /// Devices of Defender's inventory, each as it was last seen in the last 30 days, at most ten. Source:
    /// table DeviceInfo (learn.microsoft.com/defender-xdr/advanced-hunting-deviceinfo-table).
    /// </summary>
    /// <param name="value">Checked by the caller to be harmless in a query; a name is compared whole and, without a domain, as first
    /// label.</param>
    /// <inheritdoc cref="SignInsOfAsync"/>
    internal async Task<IReadOnlyList<KnownDevice>> DevicesAsync(DeviceColumn column, string value, CancellationToken cancellation)
    {
        var where = $"{column} =~ \"{value}\"";
        if (column == DeviceColumn.DeviceName && !value.Contains('.', StringComparison.Ordinal))
            where += $" or DeviceName startswith \"{value}.\"";
        var rows = await AskAsync(
            $"DeviceInfo | summarize arg_max(Timestamp, DeviceName, AadDeviceId, AzureResourceId) by DeviceId | where {where} | take 10",
            "P30D",
            cancellation
        );
        return
        [
            .. rows.Select(row => new KnownDevice(
                    Text(row, "DeviceId") ?? "",
                    Text(row, "DeviceName"),
                    Text(row, "AadDeviceId"),
                    Text(row, "AzureResourceId")
                ))
                .Where(device => device.DeviceId.Length > 0),
        ];
    }

    /// <summary>Connections of our devices to or from each address.</summary>
    /// <inheritdoc cref="SignInsOfAsync"/>
    public async Task<IReadOnlyDictionary<string, int>> ConnectionsAsync(IEnumerable<string> addresses, CancellationToken cancellation)
    {
        var asked = Distinct(addresses.Where(IsAddress));
        var rows = await RunAsync($"DeviceNetworkEvents{LastDay}", "RemoteIP", "Connections = count()", asked, "P1D", cancellation);
        return asked.ToDictionary(
            a => a,
            a => rows.TryGetValue(a, out var row) ? Number(row, "Connections") : 0,
            StringComparer.OrdinalIgnoreCase
        );
    }

    /// <summary>What each identity did in 30 days, at most <see cref="HabitQuery.MaxRows"/> rows; none for what is no id.</summary>
    /// <inheritdoc cref="SignInsOfAsync"/>
    public async Task<IReadOnlyList<Habit>> HabitsAsync(HabitQuery query, IEnumerable<string> ids, CancellationToken cancellation)
    {
        var asked = Distinct(ids.Where(HabitQuery.IsId));
        if (asked.Length == 0)
            return [];
        var rows = await AskAsync(query.For(asked), HabitQuery.Timespan, cancellation);
        return [.. rows.Select(row => HabitQuery.Read(name => row.TryGetValue(name, out var value) ? value : null)).OfType<Habit>()];
    }

    private async Task<IReadOnlyDictionary<string, SignIns>> SignInsAsync(
        string column,
        string other,
        IEnumerable<string> keys,
        CancellationToken cancellation
    )
    {
        var asked = Distinct(keys);
        var rows = await RunAsync(
            $"{SignInTable}{LastDay}",
            column,
            $"{SignInColumns}, Others = dcount({other})",
            asked,
            "P1D",
            cancellation
        );
        return asked.ToDictionary(
            k => k,
            k =>
                rows.TryGetValue(k, out var row)
                    ? new SignIns(Number(row, "SignIns"), Number(row, "Failed"), Number(row, "Countries"), Number(row, "Others"))
                    : SignIns.None,
            StringComparer.OrdinalIgnoreCase
        );
    }

    private async Task<IReadOnlyDictionary<string, int?>> CriticalityAsync(
        string rows,
        string column,
        string level,
        IEnumerable<string> keys,
        CancellationToken cancellation
    )
    {
        var asked = Distinct(keys);
        var found = await RunAsync(rows, column, $"Level = min({level})", asked, "P14D", cancellation);
        return asked.ToDictionary(k => k, k => found.TryGetValue(k, out var row) ? Level(row) : null, StringComparer.OrdinalIgnoreCase);
    }

    private async Task<Dictionary<string, IDictionary<string, object>>> RunAsync(
        string rows,
        string column,
        string summary,
        string[] keys,
        string timespan,
        CancellationToken cancellation
    )
    {
        var found = new Dictionary<string, IDictionary<string, object>>(StringComparer.OrdinalIgnoreCase);
        if (keys.Length == 0)
            return found;
        var query =
            $"{rows} | where {column} in ({string.Join(", ", keys.Select(k => $"\"{k}\""))}) | summarize {summary} by Key = {column}";
        foreach (var row in await AskAsync(query, timespan, cancellation))
        {
            if (Text(row, "Key") is { } text)
                found[text] = row;
        }
        return found;
    }

    private async Task<IEnumerable<IDictionary<string, object>>> AskAsync(string query, string timespan, CancellationToken cancellation)
    {
        var answer = await Faults.CallGraphAsync(
            "asking the logs",
            Permission,
            () =>
                graph.Security.MicrosoftGraphSecurityRunHuntingQuery.PostAsync(
                    new RunHuntingQueryPostRequestBody { Query = query, Timespan = timespan },
                    cancellationToken: cancellation
                )
        );
        return (answer?.Results ?? []).Select(row => row.AdditionalData);
    }

    private static string? Text(IDictionary<string, object> row, string name) =>
        row.TryGetValue(name, out var value) && Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    private static string[] Distinct(IEnumerable<string> keys) => [.. keys.Distinct(StringComparer.OrdinalIgnoreCase).Take(MaxAtOnce)];

    // As the parser writes it: digits, hexadecimal letters, dots and colons.
    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address) && address.ToString().Equals(text, StringComparison.OrdinalIgnoreCase);

    // Defender's device ids: forty hexadecimal digits.
    private static bool IsDeviceId(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigit);

    private static int? Level(IDictionary<string, object> row) =>
        row.TryGetValue("Level", out var value)
        && int.TryParse(
            Convert.ToString(value, CultureInfo.InvariantCulture),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var level
        )
            ? level
            : null;

    private static int Number(IDictionary<string, object> row, string name) =>
        row.TryGetValue(name, out var value)
        && double.TryParse(
            Convert.ToString(value, CultureInfo.InvariantCulture),
            NumberStyles.Float,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? (int)Math.Clamp(number, 0, int.MaxValue)
            : 0;
}
