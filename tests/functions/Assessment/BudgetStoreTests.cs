using Azure;
using Azure.Data.Tables;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Assessment;

/// <summary>The store of the shared budget: touched rarely, never by a kept answer, and when it is down the rules answer (S12).</summary>
public sealed class BudgetStoreTests
{
    private readonly VirtualTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));
    private readonly LocalModel model = new();
    private readonly Counted tables;

    public BudgetStoreTests() => tables = new Counted(new EmbeddedTableServiceClient(clock));

    private async Task<Classifier> ClassifierAsync(ClassificationOptions options)
    {
        await tables.GetTableClient(Classifier.SpendingTable).CreateIfNotExistsAsync();
        return new Classifier(
            ModelConnection.Create(options, handler: new ModelHttpHandler(model), time: new InstantClock()),
            options,
            clock,
            tables
        );
    }

    private static IRFunctions.Alerts.Alert Alert(int number) =>
        GivenClassifier.SpraySignIn with
        {
            Id = $"a-{number}",
            TenantId = "t-1",
            Title = $"Password spray {number}",
        };

    [Fact]
    public async Task With_the_shipped_budget_most_questions_touch_no_store()
    {
        var classifier = await ClassifierAsync(
            GivenClassifier.Options with
            {
                TokensPerHour = new ClassificationOptions { Endpoint = new Uri("http://127.0.0.1/"), Deployment = "m" }.TokensPerHour,
            }
        );
        for (var i = 0; i < 300; i++)
            Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(i), GivenClassifier.Actions)).By);
        // 300 questions of some 1,500 tokens are 450,000, of which 50,000 are taken at a time, by one read and one write.
        Assert.InRange(tables.Operations, 2, 30);
    }

    [Fact]
    public async Task A_kept_answer_and_a_budget_without_limits_touch_none()
    {
        var classifier = await ClassifierAsync(
            GivenClassifier.Options with
            {
                CacheFor = TimeSpan.FromHours(1),
                TokensPerHour = 1_000_000,
            }
        );
        await classifier.AssessAsync(Alert(1), GivenClassifier.Actions);
        var before = tables.Operations;
        for (var i = 0; i < 20; i++)
            Assert.NotNull((await classifier.AssessAsync(Alert(1), GivenClassifier.Actions)).AnsweredBefore);
        Assert.Equal(before, tables.Operations);

        var free = await ClassifierAsync(GivenClassifier.Options with { TokensPerHour = 0 });
        await free.AssessAsync(Alert(2), GivenClassifier.Actions);
        Assert.Equal(before, tables.Operations);
    }

    [Theory]
    [InlineData(Trouble.Refuses)]
    [InlineData(Trouble.Throws)]
    [InlineData(Trouble.Hangs)]
    public async Task While_the_store_is_down_the_rules_answer_nobody_waits_for_it_and_afterwards_the_model_is_asked_again_S12(
        Trouble trouble
    )
    {
        var classifier = await ClassifierAsync(GivenClassifier.Options with { TokensPerHour = 1_000_000 });
        tables.Trouble = trouble;
        for (var i = 0; i < 20; i++)
        {
            var assessing = classifier.AssessAsync(Alert(i), GivenClassifier.Actions);
            while (!assessing.IsCompleted && clock.NextDue is { } due)
                clock.AdvanceTo(due);
            var answer = await assessing;
            Assert.Equal(AssessedBy.Rules, answer.By);
            Assert.Contains("could not be checked, so the model was not asked", answer.Problem, StringComparison.Ordinal);
        }
        Assert.Equal((0, 1), (model.Answered, tables.Operations)); // the others did not even try
        tables.Trouble = Trouble.None;
        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromSeconds(11));
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(30), GivenClassifier.Actions)).By);
    }

    [Fact]
    public async Task What_was_taken_before_the_store_went_down_is_still_spent()
    {
        var classifier = await ClassifierAsync(GivenClassifier.Options with { TokensPerHour = 1_000_000 });
        await classifier.AssessAsync(Alert(1), GivenClassifier.Actions);
        tables.Trouble = Trouble.Refuses;
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(2), GivenClassifier.Actions)).By);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_not_held_by_the_store()
    {
        var classifier = await ClassifierAsync(GivenClassifier.Options with { TokensPerHour = 1_000_000 });
        tables.Trouble = Trouble.Hangs;
        using var stop = new CancellationTokenSource();
        var assessing = classifier.AssessAsync(Alert(1), GivenClassifier.Actions, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => assessing);
    }

    public enum Trouble
    {
        None,
        Refuses,
        Throws,
        Hangs,
    }

    /// <summary>Counts what is asked of the tables, and makes the trouble it is told to.</summary>
    private sealed class Counted(TableServiceClient inner) : DelegatingTables(inner)
    {
        public int Operations;

        public Trouble Trouble { get; set; }

        protected override Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write) => ReadAsync(write);

        protected override async Task<T> ReadAsync<T>(Func<Task<T>> call)
        {
            Interlocked.Increment(ref Operations);
            if (Trouble == Trouble.Refuses)
                throw new RequestFailedException(503, "The server is busy.", "ServerBusy", null);
            if (Trouble == Trouble.Throws)
                throw new IOException("something nobody expected");
            if (Trouble == Trouble.Hangs)
                await Task.Delay(Timeout.InfiniteTimeSpan); // looks at no token, as a client may
            return await call();
        }
    }
}
