using System.Globalization;
using IRFunctions.Connections;

namespace IRFunctions.Assessment;

/// <summary>
/// What the model may cost in an hour of the clock, by tenant and over all instances of the app: tokens, and money where prices are
/// configured. Over budget the rules answer and doubt goes to a person; nothing waits. An amount is set aside before the call and settled
/// after it with what the endpoint counted, so that calls at the same time cannot overdraw together. Each instance takes a hundredth of the
/// budget at a time from the shared row and spends that from memory: most questions touch no store. Where the row cannot be had nothing is
/// asked (S12). Safe for concurrent use.
/// </summary>
internal sealed class ModelBudget(ClassificationOptions options, ModelSpending spending, TimeProvider time, IoTime? io = null)
{
    private const int Parts = 100;
    private const int Rounds = 5;
    private const string Unchecked = "Whether the model's budget has anything left could not be checked, so the model was not asked.";

    /// <summary>Longest wait for the shared row.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long an answer of the shared row that helps nobody (used up, not there) stands, so that a flood does not queue for it.
    /// </summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private readonly Amount limit = new(
        options.TokensPerHour > 0 ? options.TokensPerHour : Unlimited,
        options.CostPerHour > 0 ? (long)(options.CostPerHour * 1_000_000) : Unlimited
    );
    private readonly Amount part = new(
        Math.Max(0, options.TokensPerHour) / Parts,
        (long)(Math.Max(0, options.CostPerHour) * 1_000_000) / Parts
    );
    private readonly Dictionary<string, Account> accounts = new(StringComparer.Ordinal);

    // Large enough for anybody, small enough to add to.
    private const long Unlimited = long.MaxValue / 4;

    /// <summary>Sets tokens aside; null and why where the budget has none left or cannot be checked.</summary>
    /// <param name="tenant">Tenant of the alert.</param>
    /// <param name="input">Estimated tokens of the prompt.</param>
    /// <param name="output">Most tokens the answer may have.</param>
    /// <param name="cancellation">The caller's own; the only reason for an exception.</param>
    public async ValueTask<(Reservation? Reservation, string? Objection)> TakeAsync(
        string tenant,
        int input,
        int output,
        CancellationToken cancellation
    )
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var needed = AmountOf(input, output);
        var reservation = new Reservation(tenant, hour, needed);
        if (limit is (Unlimited, Unlimited))
            return (reservation, null);
        var account = AccountOf(tenant);
        if (account.TrySpend(hour, needed))
            return (reservation, null);
        await account.Turn.WaitAsync(cancellation);
        try
        {
            if (account.TrySpend(hour, needed))
                return (reservation, null);
            if (account.ObjectionTo(needed, hour, now) is { } stands)
                return (null, stands);
            for (var round = 0; round < Rounds; round++)
            {
                var (spent, objection) = await FillAndSpendAsync(account, reservation, cancellation);
                if (spent)
                    return (reservation, null);
                // Without an objection others spent what was counted on, or settled for more than they had set aside: that is no reason to
                // refuse the next.
                if (objection is null)
                    continue;
                account.Refuse(objection, needed, hour, now + Pause);
                return (null, objection);
            }
            return (null, Unchecked);
        }
        finally
        {
            account.Turn.Release();
        }
    }

    /// <summary>Puts what was really spent in place of what was set aside.</summary>
    public void Settle(Reservation reservation, int input, int output) =>
        AccountOf(reservation.Tenant).Return(reservation.Hour, reservation.Amount - AmountOf(input, output));

    /// <summary>
    /// Gives back what this instance has taken and not spent; for an instance that stops. Best effort: what is lost ends with its hour.
    /// </summary>
    public async Task GiveBackAsync(CancellationToken cancellation)
    {
        KeyValuePair<string, Account>[] all;
        lock (accounts)
            all = [.. accounts];
        foreach (var (tenant, account) in all)
        {
            var (hour, left) = account.Empty();
            if (left != default)
                await OnlyWaitingAsync(c => spending.GiveBackAsync(tenant, hour, left, c), cancellation);
        }
    }

    private async Task<(bool Spent, string? Objection)> FillAndSpendAsync(
        Account account,
        Reservation reservation,
        CancellationToken cancellation
    )
    {
        var (needed, tenant) = (reservation.Amount - account.LeftIn(reservation.Hour), reservation.Tenant);
        var wanted = Amount.Max(needed, part);
        var (spent, objection) = (false, (string?)null);
        var reached = await OnlyWaitingAsync(
            async c =>
            {
                var (taken, before) = await spending.TakeAsync(tenant, reservation.Hour, needed, wanted, limit, c);
                if (taken is { } more)
                    spent = account.FillAndSpend(reservation.Hour, more, reservation.Amount);
                else
                    objection = UsedUp(before, needed);
            },
            cancellation
        );
        return (spent, reached || spent ? objection : Unchecked);
    }

    /// <summary>Runs it within the time; false where the store gave no answer, whatever the reason.</summary>
    private async Task<bool> OnlyWaitingAsync(Func<CancellationToken, Task> call, CancellationToken cancellation)
    {
        using var within = new CancellationTokenSource(Patience, io?.Clock ?? time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, within.Token);
        try
        {
            await call(both.Token).WaitAsync(both.Token);
            return true;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        // A store that fails in a new way must not become a model without a budget.
        catch (Exception)
        {
            return false;
        }
    }

    private string UsedUp(Amount spent, Amount needed) =>
        limit.Tokens - spent.Tokens < needed.Tokens
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The model's budget of {options.TokensPerHour} tokens an hour is used up ({spent.Tokens} spent or set aside)."
            )
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The model's budget of {options.CostPerHour:0.00} an hour is used up ({spent.Millionths / 1_000_000m:0.00} spent or "
                    + $"set aside)."
            );

    private Amount AmountOf(int input, int output) =>
        new(input + (long)output, (long)Math.Ceiling(options.CostOf(input, output) * 1_000_000));

    private Account AccountOf(string tenant)
    {
        lock (accounts)
        {
            if (!accounts.TryGetValue(tenant, out var account))
                accounts[tenant] = account = new Account();
            return account;
        }
    }

    internal sealed record Reservation(string Tenant, DateTimeOffset Hour, Amount Amount);

    /// <summary>
    /// What this instance has taken of one tenant's hour and not yet set aside for a call. Below zero where calls cost more than was set
    /// aside.
    /// </summary>
    private sealed class Account
    {
        private readonly Lock gate = new();
        private DateTimeOffset hour;
        private Amount left;
        private (string Why, Amount Needed, DateTimeOffset Hour, DateTimeOffset Until) refused;

        /// <summary>One call at a time asks the shared row; the others then find what it brought.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        public bool TrySpend(DateTimeOffset of, Amount needed)
        {
            lock (gate)
            {
                if (hour != of || !left.Covers(needed))
                    return false;
                left -= needed;
                return true;
            }
        }

        /// <summary>What is left of this hour; of another hour nothing is, but what was spent beyond counts on.</summary>
        public Amount LeftIn(DateTimeOffset of)
        {
            lock (gate)
                return hour == of ? left : Amount.Min(left, default);
        }

        /// <summary>At once, so that calls which find something left cannot spend what this one has brought for itself.</summary>
        public bool FillAndSpend(DateTimeOffset of, Amount taken, Amount needed)
        {
            lock (gate)
            {
                if (of < hour)
                    return false; // came after its hour was over
                left = taken + (hour == of ? left : Amount.Min(left, default));
                hour = of;
                if (!left.Covers(needed))
                    return false;
                left -= needed;
                return true;
            }
        }

        /// <summary>Of an hour that is over nothing comes back, but what was spent beyond counts in this one.</summary>
        public void Return(DateTimeOffset of, Amount unspent)
        {
            lock (gate)
                left += hour == of ? unspent : Amount.Min(unspent, default);
        }

        public (DateTimeOffset Hour, Amount Left) Empty()
        {
            lock (gate)
            {
                var all = left;
                left = default;
                return (hour, all);
            }
        }

        public void Refuse(string why, Amount needed, DateTimeOffset of, DateTimeOffset until) => refused = (why, needed, of, until);

        /// <summary>
        /// The last refusal, where it is fresh and the same amount or more is needed. Called by the one whose turn it is.
        /// </summary>
        public string? ObjectionTo(Amount needed, DateTimeOffset of, DateTimeOffset now) =>
            refused.Hour == of && now < refused.Until && needed.Covers(refused.Needed) ? refused.Why : null;
    }
}
