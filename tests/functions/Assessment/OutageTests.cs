using System.Diagnostics;
using System.Net;
using System.Text;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// The model is down, slow or over its limit: an answer comes in seconds all the same, with a reason and with confidence capped (S12).
/// </summary>
public sealed class OutageTests
{
    private static async Task<(AlertAssessment Assessment, LocalModel Model)> Assess(ModelBehaviour behaviour, TimeProvider? time = null)
    {
        var model = new LocalModel();
        model.Behave(behaviour);
        return (
            await GivenClassifier
                .Classifier(new ModelHttpHandler(model), time)
                .AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions),
            model
        );
    }

    private static void AssertRules(AlertAssessment assessment, string problem)
    {
        Assert.Equal(AssessedBy.Rules, assessment.By);
        Assert.Contains(problem, assessment.Problem, StringComparison.Ordinal);
        Assert.All(assessment.Recommendations, r => Assert.InRange(r.Confidence, 0, RuleBasedAnswer.FallbackCap));
    }

    [Theory]
    [InlineData(ModelBehaviour.Refuse, "refused to answer", 1)]
    [InlineData(ModelBehaviour.RateLimited, "rate limit (429)", 3)]
    [InlineData(ModelBehaviour.Fail, "failed (500)", 3)]
    [InlineData(ModelBehaviour.Garbage, "does not keep to the schema", 1)]
    [InlineData(ModelBehaviour.NotJson, "no chat completion", 1)]
    [InlineData(ModelBehaviour.Truncated, "cut off", 1)]
    [InlineData(ModelBehaviour.ContentFilter, "content filter", 1)]
    [InlineData(ModelBehaviour.Huge, "no chat completion", 1)]
    public async Task Each_trouble_has_its_end_and_its_number_of_tries(ModelBehaviour behaviour, string problem, int tries)
    {
        var (assessment, model) = await Assess(behaviour);
        AssertRules(assessment, problem);
        Assert.Equal(tries, model.Answered);
    }

    [Fact]
    public async Task A_model_that_recovers_within_the_retries_is_heard()
    {
        var model = new LocalModel();
        model.Behave(ModelBehaviour.Fail, times: 2);
        var assessment = await GivenClassifier
            .Classifier(new ModelHttpHandler(model))
            .AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Equal(AssessedBy.Model, assessment.By);
        Assert.Equal(3, model.Answered);
    }

    [Fact]
    public async Task A_silent_model_is_given_up_after_the_time_out()
    {
        var (assessment, _) = await Assess(ModelBehaviour.Silent, new InstantClock());
        AssertRules(assessment, "did not answer within 20 seconds");
    }

    [Fact]
    public async Task The_clients_own_time_out_ends_each_try_and_arrives_as_the_same_reason()
    {
        var options = GivenClassifier.Options with { Timeout = TimeSpan.FromMilliseconds(30), Retries = 1 };
        var model = new LocalModel();
        model.Behave(ModelBehaviour.Silent);
        var client = ModelConnection.Create(options, handler: new ModelHttpHandler(model), time: new InstantClock());
        // The outer time-out is out of the way, so that the client's AggregateException is what arrives.
        var assessment = await new Classifier(client, options with { Timeout = TimeSpan.FromMinutes(5) }).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        AssertRules(assessment, "did not answer within");
        Assert.Equal(2, model.Answered);
    }

    [Fact]
    public async Task An_answer_that_drips_in_byte_by_byte_is_given_up_after_the_time_out()
    {
        var handler = new ScriptedModel(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new DripStream()) });
        AssertRules(
            await GivenClassifier.Classifier(handler, new InstantClock()).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions),
            "did not answer within"
        );
    }

    [Theory]
    [InlineData("3600")]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT")]
    public async Task Retry_After_cannot_make_an_alert_wait_for_an_hour(string after)
    {
        var waits = new WaitRecorder();
        var handler = new ScriptedModel(() =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests)
            {
                Content = new StringContent("{}", Encoding.UTF8, "application/json"),
            };
            response.Headers.Add("Retry-After", after);
            return response;
        });
        var classifier = new Classifier(
            ModelConnection.Create(GivenClassifier.Options, handler: handler, time: waits),
            GivenClassifier.Options
        );
        AssertRules(await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions), "429");
        Assert.Equal(2, waits.Waits.Count);
        Assert.All(waits.Waits, w => Assert.InRange(w, TimeSpan.Zero, TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public async Task A_model_that_is_down_is_left_alone_for_a_while_and_then_tried_once()
    {
        var clock = new VirtualTimeProvider();
        var options = GivenClassifier.Options with { Retries = 0, PauseAfter = 3, Pause = TimeSpan.FromSeconds(30) };
        var model = new LocalModel();
        var classifier = new Classifier(ModelConnection.Create(options, handler: new ModelHttpHandler(model)), options, clock);
        model.Behave(ModelBehaviour.Fail);
        for (var i = 0; i < 10; i++)
            AssertRules(
                await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions),
                i < 3 ? "failed (500)" : "3 times in a row"
            );
        Assert.Equal(3, model.Answered);

        clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 5; i++)
            AssertRules(
                await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions),
                i < 1 ? "failed (500)" : "4 times in a row"
            );
        Assert.Equal(4, model.Answered);

        model.Behave(ModelBehaviour.Rules);
        clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 5; i++)
            Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions)).By);
        Assert.Equal(9, model.Answered);
    }

    [Theory]
    [InlineData(ModelBehaviour.Refuse)]
    [InlineData(ModelBehaviour.Garbage)]
    [InlineData(ModelBehaviour.ContentFilter)]
    [InlineData(ModelBehaviour.Huge)]
    public async Task A_model_that_answers_nonsense_is_still_asked_about_the_next_alert(ModelBehaviour behaviour)
    {
        var model = new LocalModel();
        model.Behave(behaviour);
        var classifier = GivenClassifier.Classifier(new ModelHttpHandler(model));
        for (var i = 0; i < 10; i++)
            Assert.Equal(AssessedBy.Rules, (await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions)).By);
        Assert.Equal(10, model.Answered);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "sign-in (401)")]
    [InlineData(HttpStatusCode.Forbidden, "sign-in (403)")]
    [InlineData(HttpStatusCode.NotFound, "failed (404)")]
    public async Task A_wrong_key_or_deployment_is_told_as_such(HttpStatusCode status, string problem) =>
        AssertRules(
            await GivenClassifier
                .Classifier(ScriptedModel.Json("{}", status))
                .AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions),
            problem
        );

    [Fact]
    public async Task An_unreachable_endpoint_is_told_as_such()
    {
        var handler = new ScriptedModel(() => throw new HttpRequestException("connection refused to 10.1.2.3"));
        var assessment = await GivenClassifier.Classifier(handler).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        AssertRules(assessment, "could not be reached");
        Assert.DoesNotContain("10.1.2.3", assessment.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_caller_can_cancel()
    {
        using var caller = new CancellationTokenSource();
        var model = new LocalModel();
        model.Behave(ModelBehaviour.Silent);
        var waiting = GivenClassifier
            .Classifier(new ModelHttpHandler(model))
            .AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Nothing_but_the_alert_and_the_bounds_leaves_for_the_model_and_no_key_is_shown()
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var options = GivenClassifier.Options with { ApiKey = "test-key-not-a-secret" };
        await new Classifier(ModelConnection.Create(options, handler: handler), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        Assert.Equal("Bearer test-key-not-a-secret", handler.Messages.Single().Headers.Authorization!.ToString());
        Assert.DoesNotContain("test-key", handler.Requests.Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("test-key", options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_local_round_trip_costs_little()
    {
        var classifier = GivenClassifier.Classifier(new ModelHttpHandler(new LocalModel()));
        for (var i = 0; i < 200; i++)
            await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 500; i++)
            await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        // A generous bound for a busy machine; measured at a tenth of it.
        Assert.InRange(clock.Elapsed.TotalMilliseconds / 500, 0, 5);
    }

    private sealed class DripStream : Stream
    {
        private int left = 500;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => 0;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        // Deaf to cancellation, as the worst of servers makes a socket look.
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(1, CancellationToken.None);
            buffer.Span[0] = (byte)' ';
            return left-- > 0 ? 1 : 0;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class WaitRecorder : TimeProvider
    {
        private readonly InstantClock clock = new();

        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return clock.CreateTimer(callback, state, dueTime, period);
        }
    }
}
