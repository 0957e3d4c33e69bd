using System.Globalization;

namespace IRFunctions.Classification;

/// <summary>
/// What the model may cost in an hour, by tenant: tokens, and money where prices are configured. Over budget the rules answer and doubt goes to a person;
/// nothing waits. An amount is set aside before the call and settled after it, so that calls at the same time cannot overdraw together. Counts what this
/// process spends. Safe for concurrent use.
/// </summary>
internal sealed class ModelBudget(ClassificationOptions options, TimeProvider time)
{
    private const int Minutes = 60;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Tenant> tenants = new(StringComparer.Ordinal);

    /// <summary>Tokens of so many characters: no tokenizer is at hand. English prose runs at about 4.5 characters a token and dense JSON at about 3.</summary>
    public static int Estimate(int characters) => (int)Math.Ceiling(characters / 3.6);

    /// <summary>Sets tokens aside; null and why where the budget has none left.</summary>
    /// <param name="tenant">Tenant of the alert.</param>
    /// <param name="input">Estimated tokens of the prompt.</param>
    /// <param name="output">Most tokens the answer may have.</param>
    public (Reservation? Reservation, string? Objection) Take(string tenant, int input, int output)
    {
        lock (gate)
        {
            var minute = Minute();
            if (!tenants.TryGetValue(tenant, out var account)) tenants[tenant] = account = new Tenant();
            account.Forget(minute - Minutes);
            var (tokens, cost) = account.Total();
            if (options.TokensPerHour > 0 && tokens + input + output > options.TokensPerHour)
            {
                return (null, string.Create(CultureInfo.InvariantCulture, $"The model's budget of {options.TokensPerHour} tokens an hour is used up ({tokens} spent or under way)."));
            }
            if (options.CostPerHour > 0 && cost + options.CostOf(input, output) > options.CostPerHour)
            {
                return (null, string.Create(CultureInfo.InvariantCulture, $"The model's budget of {options.CostPerHour:0.00} an hour is used up ({cost:0.00} spent or under way)."));
            }
            account.Add(minute, input + output, options.CostOf(input, output));
            return (new Reservation(tenant, minute, input, output), null);
        }
    }

    /// <summary>Puts what was really spent in place of what was set aside.</summary>
    public void Settle(Reservation reservation, int input, int output)
    {
        lock (gate)
        {
            tenants[reservation.Tenant].Add(reservation.Minute, input + output - reservation.Input - reservation.Output,
                options.CostOf(input, output) - options.CostOf(reservation.Input, reservation.Output));
        }
    }

    private long Minute() => time.GetUtcNow().ToUnixTimeSeconds() / 60;

    internal sealed record Reservation(string Tenant, long Minute, int Input, int Output);

    /// <summary>Spending by minute; at most 61 entries.</summary>
    private sealed class Tenant
    {
        private readonly Dictionary<long, (long Tokens, decimal Cost)> byMinute = [];

        public void Forget(long until)
        {
            foreach (var minute in byMinute.Keys.Where(m => m <= until).ToList()) byMinute.Remove(minute);
        }

        public (long Tokens, decimal Cost) Total() => (byMinute.Values.Sum(v => v.Tokens), byMinute.Values.Sum(v => v.Cost));

        public void Add(long minute, long tokens, decimal cost)
        {
            var known = byMinute.GetValueOrDefault(minute);
            byMinute[minute] = (known.Tokens + tokens, known.Cost + cost);
        }
    }
}
