using System.Globalization;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>
/// What identities have moved, in the table "amounts": one row for an identity, kind of request and day, and one for what is open. Exact
/// over all instances, by compare and swap; a request whose row cannot be written is refused (S12).
/// </summary>
public sealed class AmountLimits(TableServiceClient tables)
{
    public const string TableName = "amounts";
    private const int MaxRaces = 20;
    private const string Open = "open";
    private const decimal MostAtOnce = 1_000_000_000_000_000m;
    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Why the request is refused; null where it was taken, and counts.</summary>
    public async Task<string?> RefuseAsync(AmountLimit limit, GateRequest request, DateTimeOffset now, CancellationToken cancellation)
    {
        if (request.Amount is not { } amount)
            return $"the request does not say how much {limit.Unit} it would move";
        if (!string.Equals(request.Unit, limit.Unit, StringComparison.OrdinalIgnoreCase))
            return $"the amount is not in {limit.Unit}";
        if (Math.Abs(amount) is var size && size > (limit.PerRequest ?? MostAtOnce))
            return $"{Words(size)} {limit.Unit} is more than {Words(limit.PerRequest ?? MostAtOnce)} a request";
        try
        {
            var (day, partition) = (now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture), PartitionOf(limit));
            if (limit.PerDay is { } most && await AddAsync(partition, day, size, most, cancellation) is { } total)
                return $"{Words(total)} {limit.Unit} would be more than {Words(most)} today";
            if (limit.Position is not { } widest || await AddAsync(partition, Open, amount, widest, cancellation) is not { } open)
                return null;
            if (limit.PerDay is not null)
                await AddAsync(partition, day, -size, decimal.MaxValue, cancellation); // It was not made, so it does not count.
            return $"{Words(Math.Abs(open))} {limit.Unit} would be open, {Words(widest)} may be";
        }
        catch (Exception e) when (e is RequestFailedException or HttpRequestException or IOException)
        {
            return $"what was moved so far cannot be read or written ({e.GetType().Name}): doubt lets nothing through (S12)";
        }
    }

    /// <summary>The sum that would exceed the limit; null where it was added.</summary>
    private async Task<decimal?> AddAsync(string partition, string row, decimal amount, decimal most, CancellationToken cancellation)
    {
        for (var race = 0; ; race++)
        {
            var known = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellation);
            var sum = (known.HasValue ? Read(known.Value!) : 0) + amount;
            if (Math.Abs(sum) > most && Math.Abs(sum) > Math.Abs(sum - amount)) // What makes an open position smaller always may.
                return sum;
            var entity = new TableEntity(partition, row) { ["Amount"] = sum.ToString(CultureInfo.InvariantCulture) };
            try
            {
                if (known.HasValue)
                    await table.UpdateEntityAsync(entity, known.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(entity, cancellation);
                return null;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && race < MaxRaces)
            {
                // Another request was counted in this moment: add it up again.
            }
        }
    }

    // A row that says no number could mean any: as if nothing were left.
    private static decimal Read(TableEntity row) =>
        decimal.TryParse(row.GetString("Amount"), NumberStyles.Number, CultureInfo.InvariantCulture, out var amount) ? amount : MostAtOnce;

    private static string PartitionOf(AmountLimit limit) => Fingerprint.Of(limit.Id, limit.Endpoint, limit.Unit);

    private static string Words(decimal amount) => amount.ToString("#,0.########", CultureInfo.InvariantCulture);
}
