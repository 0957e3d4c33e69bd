using IRFunctions.Assessment;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Local.Time;
using IRFunctions.Tests.Assessment;

namespace IRFunctions.Tests.Host;

/// <summary>By a fast clock the world outside is no faster.</summary>
public sealed class FastClockTests
{
    [Fact]
    public async Task A_model_that_takes_a_moment_is_waited_for_though_a_day_passes_meanwhile()
    {
        var fast = new ScaledTimeProvider(TimeProvider.System, 100_000);
        var options = GivenClassifier.Options;
        using var network = new SlowNetwork(new ModelHttpHandler(new LocalModel()));
        var model = ModelConnection.Create(options, handler: network);
        var answered = await Ask(new Classifier(model, options, fast, io: new IoTime(TimeProvider.System, 100_000)));
        Assert.Equal(AssessedBy.Model, answered.By);
        var missed = await Ask(new Classifier(model, options, fast)); // What was wrong before.
        Assert.Equal(AssessedBy.Rules, missed.By);
    }

    private static Task<AlertAssessment> Ask(Classifier classifier) =>
        classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);

    private sealed class SlowNetwork(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var moment = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            await moment.WaitForNextTickAsync(cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
