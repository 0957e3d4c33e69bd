using IRFunctions.Tests.Containment;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Signals;

/// <summary>Every request with which facts and signals are learned is one that Graph documents.</summary>
public sealed class SignalRequestTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_request_for_facts_keeps_to_the_description(bool ofApplication)
    {
        var sent = new List<(string Method, Uri Uri, string Body)>();
        var signal = SignalCase.All.First(c => c.OfApplication == ofApplication);
        var time = World.NewClock();
        await using var world = await World.CreateAsync(
            o =>
                o with
                {
                    Model = ScriptedModel.Saying(ScriptedModel.SureAnswer((signal.Action, "e1")), time),
                    Replace = services => services.AddHttpClient("graph").AddHttpMessageHandler(() => new Tap(sent)),
                },
            time
        );
        await world.SendAsync(signal.Alert());
        await world.RunAsync();
        Assert.Contains(sent, s => s.Uri.AbsolutePath.EndsWith("/auditLogs/directoryAudits", StringComparison.Ordinal));
        Assert.Contains(sent, s => s.Uri.AbsolutePath.EndsWith("unHuntingQuery", StringComparison.Ordinal));
        Assert.All(sent, s => Assert.Empty(GraphRequestTests.Problems(s.Method, s.Uri, s.Body)));
    }

    private sealed class Tap(List<(string, Uri, string)> sent) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            sent.Add((request.Method.Method, request.RequestUri!, body));
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
