using System.Text.RegularExpressions;
using IRFunctions.Tests.Assessment;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// Every Graph request any action sends, from capture to undo, is one that Graph documents: path, query parameters and closed body.
/// </summary>
public sealed class GraphRequestTests
{
    private static readonly (OpenApiFile File, IReadOnlyList<string> Paths)[] Descriptions =
    [
        .. new[] { "graph-v1.0-strict-test-profile.openapi.json", "graph-v1.0-security.openapi.json", "graph-v1.0-more.openapi.json" }
            .Select(name => OpenApiFile.Load("graph", name))
            .Select(f => (f, f.Paths)),
    ];

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public async Task Every_request_of_an_action_keeps_to_the_description(string name)
    {
        var sent = new List<(string Method, Uri Uri, string Body, string? Prefer)>();
        await using var stage = await Stage.OpenAsync(
            ActionCase.Of(name),
            o =>
                o with
                {
                    Replace = services =>
                    {
                        o.Replace!(services);
                        services.AddHttpClient("graph").AddHttpMessageHandler(() => new Tap(sent));
                    },
                }
        );
        await stage.ActAsync();
        await stage.World.PassAsync((stage.Case.Lasts ?? TimeSpan.Zero) + TimeSpan.FromMinutes(10));
        if (stage.Case.Rehearsed.Systems.Contains("/graph/*"))
            Assert.NotEmpty(sent);
        foreach (var (method, uri, body, prefer) in sent)
        {
            Assert.Empty(Problems(method, uri, body));
            if (uri.AbsolutePath.Contains("/messages", StringComparison.Ordinal))
                Assert.Equal("IdType=\"ImmutableId\"", prefer);
        }
    }

    [Theory]
    [InlineData("PATCH", "/users/x", """{"shoeSize":42}""")]
    [InlineData("PATCH", "/users/x", """{"accountEnabled":"no"}""")]
    [InlineData("GET", "/users/x?$orderby=id", "")]
    [InlineData("DELETE", "/users/x", "")]
    [InlineData("POST", "/applications/x/removePassword", "{}")]
    [InlineData("GET", "/chats", "")]
    public void The_check_has_teeth(string method, string path, string body) =>
        Assert.NotEmpty(Problems(method, new Uri("http://127.0.0.1/graph/v1.0" + path), body));

    /// <summary>What is wrong with a request; empty where it is documented as it stands.</summary>
    internal static IReadOnlyList<string> Problems(string method, Uri uri, string body)
    {
        var path = uri.AbsolutePath["/graph/v1.0".Length..];
        foreach (var (file, paths) in Descriptions)
        {
            if (paths.FirstOrDefault(p => Regex.IsMatch(path, $"^{Regex.Replace(p, @"\{[^}]+\}", "[^/]+")}$")) is not { } template)
                continue;
            var verb = method.ToLowerInvariant();
            if (!file.Has(template, verb))
                continue;
            var unknown = uri
                .Query.TrimStart('?')
                .Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(q => Uri.UnescapeDataString(q.Split('=')[0]))
                .Except(file.Parameters(template, verb))
                .Select(q => $"{method} {path}: {q} is not documented");
            // The official client spells this one as Graph's metadata does; Graph takes names of action parameters in any case.
            var wrong =
                body.Length == 0
                    ? []
                    : file.CheckRequest(template, verb, body.Replace("\"DestinationId\"", "\"destinationId\"", StringComparison.Ordinal));
            return [.. unknown, .. wrong];
        }
        return [$"{method} {path} is not documented"];
    }

    internal sealed class Tap(List<(string, Uri, string, string?)> sent) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            sent.Add(
                (
                    request.Method.Method,
                    request.RequestUri!,
                    body,
                    request.Headers.TryGetValues("Prefer", out var prefer) ? string.Join(',', prefer) : null
                )
            );
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
