using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Assessment;

/// <summary>Tokens, and money in millionths of the currency of the configured prices.</summary>
internal readonly record struct Amount(long Tokens, long Millionths)
{
    public static Amount operator +(Amount a, Amount b) => new(a.Tokens + b.Tokens, a.Millionths + b.Millionths);

    public static Amount operator -(Amount a, Amount b) => new(a.Tokens - b.Tokens, a.Millionths - b.Millionths);

    /// <summary>Whether it covers another one in both.</summary>
    public bool Covers(Amount other) => Tokens >= other.Tokens && Millionths >= other.Millionths;

    /// <summary>The larger of each.</summary>
    public static Amount Max(Amount a, Amount b) => new(Math.Max(a.Tokens, b.Tokens), Math.Max(a.Millionths, b.Millionths));

    /// <summary>The smaller of each.</summary>
    public static Amount Min(Amount a, Amount b) => new(Math.Min(a.Tokens, b.Tokens), Math.Min(a.Millionths, b.Millionths));
}

/// <summary>
/// What a tenant's questions to the model have taken in one hour of the clock (UTC): one row a tenant and hour, which all instances of the
/// app write by compare and swap. Without a table it counts in this process alone (the command line, tests). Rows stay: they are small, and
/// say later what an hour has cost.
/// </summary>
internal sealed class ModelSpending(TableClient? table)
{
    public const string TableName = "modelspending";
    private const int MaxRaces = 50;
    private readonly Dictionary<(string, string), Amount> own = [];

    /// <summary>Adds as much of what is wanted as the limit leaves, where that is at least as much as needed.</summary>
    /// <param name="tenant">Tenant of the alert.</param>
    /// <param name="hour">Any time within the hour.</param>
    /// <param name="needed">Less is refused.</param>
    /// <param name="wanted">At least as much as needed.</param>
    /// <param name="limit">The budget of the hour.</param>
    /// <returns>What was taken, or null, and what the row had before.</returns>
    /// <exception cref="RequestFailedException">The row cannot be read or written.</exception>
    public async Task<(Amount? Taken, Amount Before)> TakeAsync(
        string tenant,
        DateTimeOffset hour,
        Amount needed,
        Amount wanted,
        Amount limit,
        CancellationToken cancellation
    )
    {
        Amount? taken = null;
        var before = await ChangeAsync(
            tenant,
            hour,
            spent =>
            {
                var left = limit - spent;
                taken = left.Covers(needed) ? Amount.Min(wanted, left) : null;
                return taken;
            },
            cancellation
        );
        return (taken, before);
    }

    /// <summary>Gives back what was taken and not spent; a negative amount writes down what was spent beyond.</summary>
    /// <exception cref="RequestFailedException">The row cannot be read or written.</exception>
    public Task GiveBackAsync(string tenant, DateTimeOffset hour, Amount unspent, CancellationToken cancellation) =>
        ChangeAsync(tenant, hour, _ => default(Amount) - unspent, cancellation);

    private async Task<Amount> ChangeAsync(string tenant, DateTimeOffset hour, Func<Amount, Amount?> change, CancellationToken cancellation)
    {
        var (partition, row) = (Partition(tenant), hour.UtcDateTime.ToString("yyyy-MM-ddTHH", CultureInfo.InvariantCulture));
        if (table is null)
            return ChangeOwn(partition, row, change);
        for (var race = 0; ; race++)
        {
            var known = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellation);
            var spent = known.HasValue
                ? new Amount(known.Value!.GetInt64("Tokens") ?? 0, known.Value!.GetInt64("Millionths") ?? 0)
                : default;
            if (change(spent) is not { } more)
                return spent;
            var next = spent + more;
            var entity = new TableEntity(partition, row) { ["Tokens"] = next.Tokens, ["Millionths"] = next.Millionths };
            try
            {
                if (known.HasValue)
                    await table.UpdateEntityAsync(entity, known.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(entity, cancellation);
                return spent;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && race < MaxRaces)
            {
                // Another instance was faster, which means that one of them gets on with each round.
            }
        }
    }

    private Amount ChangeOwn(string partition, string row, Func<Amount, Amount?> change)
    {
        lock (own)
        {
            var spent = own.GetValueOrDefault((partition, row));
            if (change(spent) is { } more)
                own[(partition, row)] = spent + more;
            return spent;
        }
    }

    // A tenant's id comes from an alert; a key must not hold what a table forbids.
    private static string Partition(string tenant) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant)))[..32];
}
