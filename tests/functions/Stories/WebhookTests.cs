using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Recording;
using IRFunctions.Stories;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Stories;

/// <summary>Outcomes to other systems: signed, tried again, never twice but under the same id.</summary>
public sealed class WebhookTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public async Task An_outcome_arrives_once_signed_as_a_CloudEvent_and_stands_in_the_log()
    {
        using var receiver = new Receiver();
        await using var world = await WorldAsync(receiver);
        await world.SendAsync(Given.MaliciousAddress());
        await world.PassAsync(TimeSpan.FromMinutes(3));
        var got = Assert.Single(receiver.Got);
        var json = JsonNode.Parse(got.Body)!;
        Assert.Equal("application/cloudevents+json", got.ContentType);
        Assert.Equal(("1.0", "irfunctions.alert.outcome"), ((string)json["specversion"]!, (string)json["type"]!));
        Assert.Equal(got.Id, (string)json["id"]!);
        Assert.StartsWith("acted", (string)json["data"]!["text"]!, StringComparison.Ordinal);
        var signed = HMACSHA256.HashData(Secret, Encoding.UTF8.GetBytes($"{got.Id}.{got.Stamp}.{got.Body}"));
        Assert.Equal($"v1,{Convert.ToBase64String(signed)}", got.Signature);
    }

    [Fact]
    public async Task What_fails_is_tried_again_later_and_later_under_the_same_id()
    {
        using var receiver = new Receiver { Answer = HttpStatusCode.InternalServerError };
        await using var world = await WorldAsync(receiver);
        await world.SendAsync(Given.MaliciousAddress());
        await PassAsync(world, 20, TimeSpan.FromMinutes(1));
        Assert.Equal(3, receiver.Got.Count); // At once, after 5 seconds and after 5 minutes, by a timer of a minute.
        receiver.Answer = HttpStatusCode.NoContent;
        await PassAsync(world, 60, TimeSpan.FromMinutes(1));
        Assert.Equal(4, receiver.Got.Count);
        Assert.Single(receiver.Got.Select(g => g.Id).Distinct());
        Assert.Single(receiver.Got.Select(g => g.Body).Distinct());
    }

    [Fact]
    public async Task What_is_never_taken_is_given_up_after_three_days_and_people_hear_of_it()
    {
        using var receiver = new Receiver { Answer = HttpStatusCode.NotFound };
        await using var world = await WorldAsync(receiver);
        await world.SendAsync(Given.MaliciousAddress());
        await PassAsync(world, 100, TimeSpan.FromHours(1));
        Assert.Contains(world.Pages(), p => p.StartsWith("WEBHOOK: an outcome of incident-", StringComparison.Ordinal));
        var tries = receiver.Got.GroupBy(g => g.Id).Max(g => g.Count());
        Assert.Equal(10, tries);
    }

    [Theory]
    [InlineData("http://siem.example/hook", "whsec_", "https")]
    [InlineData("https://siem.example/hook", "", "Webhooks__Secret is missing")]
    [InlineData("https://siem.example/hook", "whsec_c2hvcnQ=", "24 random bytes")]
    [InlineData("https://user:pass@siem.example/", "whsec_", "https")]
    public void A_setting_that_cannot_be_is_named(string url, string secret, string words)
    {
        var settings = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            ["Webhooks:Urls"] = url,
            ["Webhooks:Secret"] = secret,
        };
        Assert.Contains(words, Assert.Throws<FormatException>(() => WebhookSettings.From(settings)).Message, StringComparison.Ordinal);
    }

    /// <summary>Timers run once for each step.</summary>
    private static async Task PassAsync(World world, int steps, TimeSpan step)
    {
        for (var i = 0; i < steps; i++)
            await world.PassAsync(step);
    }

    private static Task<World> WorldAsync(Receiver receiver) =>
        World.CreateAsync(
            o =>
                o with
                {
                    Settings = new Dictionary<string, string?>
                    {
                        ["Webhooks:Urls"] = "https://siem.example/hook",
                        ["Webhooks:Secret"] = $"whsec_{Convert.ToBase64String(Secret)}",
                    },
                },
            replace: services =>
                services.AddSingleton(s =>
                    ActivatorUtilities.CreateInstance<WebhookSender>(s, new HttpClient(receiver, disposeHandler: false))
                )
        );

    private sealed record Delivery(string Id, string Stamp, string Signature, string? ContentType, string Body);

    private sealed class Receiver : HttpMessageHandler
    {
        public List<Delivery> Got { get; } = [];

        public HttpStatusCode Answer { get; set; } = HttpStatusCode.OK;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Got.Add(
                new Delivery(
                    request.Headers.GetValues("webhook-id").Single(),
                    request.Headers.GetValues("webhook-timestamp").Single(),
                    request.Headers.GetValues("webhook-signature").Single(),
                    request.Content!.Headers.ContentType?.MediaType,
                    await request.Content.ReadAsStringAsync(cancellationToken)
                )
            );
            return new HttpResponseMessage(Answer);
        }
    }
}
