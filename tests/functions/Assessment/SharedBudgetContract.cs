using Azure.Data.Tables;
using IRFunctions.Assessment;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Time;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// The model's budget of an hour and tenant holds over all instances of the app: several budgets over one table, at the same time.
/// </summary>
public abstract class SharedBudgetContract
{
    private const int Input = 100;
    private const int Output = 400;
    private readonly VirtualTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 3, 10, 0, TimeSpan.Zero));
    private readonly string name = $"spending{Guid.NewGuid():N}";

    protected abstract TableServiceClient Service { get; }

    private TableClient Table => Service.GetTableClient(name);

    private ModelBudget Instance(long tokens, decimal cost = 0) =>
        new(
            new ClassificationOptions
            {
                Endpoint = new Uri("http://127.0.0.1/"),
                Deployment = "m",
                TokensPerHour = tokens,
                CostPerHour = cost,
                InputPrice = 1,
                OutputPrice = 4,
            },
            new ModelSpending(Table),
            clock
        );

    private async Task<(long Tokens, long Millionths)> RowsAsync()
    {
        (long Tokens, long Millionths) sum = default;
        await foreach (var row in Table.QueryAsync<TableEntity>())
            sum = (sum.Tokens + row.GetInt64("Tokens")!.Value, sum.Millionths + row.GetInt64("Millionths")!.Value);
        return sum;
    }

    [Theory]
    [InlineData(2, 20_000)]
    [InlineData(6, 100_000)]
    public async Task Instances_that_race_never_set_aside_more_than_the_budget_and_nearly_all_of_it(int instances, int limit)
    {
        await Table.CreateAsync();
        var budgets = Enumerable.Range(0, instances).Select(_ => Instance(limit)).ToArray();
        var taken = await Task.WhenAll(
            Enumerable
                .Range(0, 300)
                .Select(i => Task.Run(async () => (await budgets[i % instances].TakeAsync("t", Input, Output, default)).Reservation))
        );
        var given = taken.Count(t => t is not null);
        Assert.InRange(given * (Input + Output), limit * 8 / 10, limit);
        Assert.InRange((await RowsAsync()).Tokens, given * (Input + Output), limit);
    }

    [Fact]
    public async Task Instances_that_race_and_settle_spend_no_more_than_the_budget_by_what_the_endpoint_counted()
    {
        await Table.CreateAsync();
        const int limit = 50_000;
        var budgets = new[] { Instance(limit), Instance(limit) };
        var spent = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 400)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        var budget = budgets[i % 2];
                        if ((await budget.TakeAsync("t", Input, Output, default)).Reservation is not { } reservation)
                            return;
                        Interlocked.Add(ref spent, 130);
                        budget.Settle(reservation, 100, 30);
                    })
                )
        );
        Assert.InRange(spent, 130 * 100, limit); // more calls than fit as set aside, since what was not used serves the next
        foreach (var budget in budgets)
            await budget.GiveBackAsync(default);
        Assert.Equal(spent, (await RowsAsync()).Tokens);
    }

    [Fact]
    public async Task Money_is_counted_the_same_way()
    {
        await Table.CreateAsync();
        var budgets = new[] { Instance(0, 0.02m), Instance(0, 0.02m) }; // a call sets 0.0017 aside
        var taken = 0;
        for (var i = 0; i < 30; i++)
            taken += (await budgets[i % 2].TakeAsync("t", Input, Output, default)).Reservation is null ? 0 : 1;
        Assert.InRange(taken, 10, 11);
        Assert.InRange((await RowsAsync()).Millionths, taken * 1_700, 20_000);
        Assert.Contains(
            "budget of 0.02 an hour is used up",
            (await budgets[0].TakeAsync("t", Input, Output, default)).Objection,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Another_tenant_and_the_next_hour_have_budgets_of_their_own()
    {
        await Table.CreateAsync();
        var (one, two) = (Instance(1_000), Instance(1_000));
        Assert.NotNull((await one.TakeAsync("t", Input, Output, default)).Reservation);
        Assert.NotNull((await two.TakeAsync("t", Input, Output, default)).Reservation);
        Assert.Contains(
            "budget of 1000 tokens an hour is used up (1000 spent or set aside)",
            (await one.TakeAsync("t", Input, Output, default)).Objection,
            StringComparison.Ordinal
        );
        Assert.NotNull((await one.TakeAsync("another/tenant\\with#odd?keys", Input, Output, default)).Reservation);
        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromMinutes(50));
        Assert.NotNull((await two.TakeAsync("t", Input, Output, default)).Reservation);
    }

    [Fact]
    public async Task An_instance_that_stops_gives_back_what_it_has_not_spent()
    {
        await Table.CreateAsync();
        var (stops, goesOn) = (Instance(100_000), Instance(100_000));
        Assert.NotNull((await stops.TakeAsync("t", Input, Output, default)).Reservation);
        Assert.Equal(1_000, (await RowsAsync()).Tokens); // a hundredth
        await stops.GiveBackAsync(default);
        Assert.Equal(500, (await RowsAsync()).Tokens);
        Assert.NotNull((await goesOn.TakeAsync("t", Input, Output, default)).Reservation);
    }

    [Fact]
    public async Task What_a_call_spent_beyond_what_was_set_aside_counts_too()
    {
        await Table.CreateAsync();
        var budget = Instance(10_000);
        var (reservation, _) = await budget.TakeAsync("t", Input, Output, default);
        budget.Settle(reservation!, 9_000, 700);
        Assert.NotNull((await budget.TakeAsync("t", 100, 200, default)).Reservation);
        Assert.Equal(10_000, (await RowsAsync()).Tokens);
        Assert.Null((await budget.TakeAsync("t", 0, 1, default)).Reservation);
    }
}

public sealed class Shared_budget_in_memory : SharedBudgetContract
{
    protected override TableServiceClient Service { get; } = new EmbeddedTableServiceClient(TimeProvider.System);
}

[Collection(nameof(Azurite))]
public sealed class Shared_budget_in_Azurite(Azurite azurite) : SharedBudgetContract
{
    protected override TableServiceClient Service { get; } = azurite.NewClient();
}
