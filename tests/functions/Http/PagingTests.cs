using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Incidents;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Http;

#pragma warning disable CA1001 // xunit disposes it through IAsyncLifetime.
/// <summary>Lists in pages: every row once, whatever is written meanwhile; filters; and answers that a caller has already.</summary>
public sealed class PagingTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Night = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private ServedWorld served = null!;

    public async Task InitializeAsync() => served = await ServedWorld.StartAsync();

    public async Task DisposeAsync() => await served.DisposeAsync();

    [Fact]
    public async Task Ten_thousand_incidents_are_each_shown_once_newest_first_though_new_ones_come_and_old_ones_change()
    {
        const int Count = 10_000;
        for (var i = 0; i < Count; i++)
            await KeepAsync(i, Outcome.Awaiting);
        var seen = new List<string>();
        var (next, pages) = ("/api/incidents?top=200", 0);
        while (next is not null)
        {
            var page = await GetAsync(next);
            seen.AddRange(page["incidents"]!.AsArray().Select(i => (string)i!["id"]!));
            next = (string?)page["next"];
            if (pages++ % 10 != 0)
                continue;
            await KeepAsync(Count + pages, Outcome.InProgress); // Newer than all: on a page that was read.
            await KeepAsync(pages * 7, Outcome.Acted, revision: 2);
        }
        Assert.Equal(Count / 200, pages);
        Assert.Equal(Enumerable.Range(0, Count).Reverse().Select(IdOf), seen);
    }

    [Fact]
    public async Task Incidents_are_found_by_state_severity_identity_words_and_time()
    {
        for (var i = 0; i < 30; i++)
            await KeepAsync(i, i % 3 == 0 ? Outcome.Acted : Outcome.Ticketed, severity: i % 2 == 0 ? Severity.High : Severity.Low);
        Assert.Equal(10, await CountAsync("state=Acted"));
        Assert.Equal(5, await CountAsync("state=acted&severity=High"));
        Assert.Equal(1, await CountAsync("identity=PERSON-7@"));
        Assert.Equal(11, await CountAsync("text=alert-2"));
        Assert.Equal(5, await CountAsync("from=2026-11-23T03:10:00Z&to=2026-11-23T03:15:00Z"));
        Assert.Equal(0, await CountAsync("state=Acted&identity=nobody"));
        await KeepAsync(1, Outcome.Acted, revision: 3);
        await KeepAsync(1, Outcome.InProgress, revision: 2); // Came late.
        Assert.Equal(11, await CountAsync("state=Acted"));
    }

    [Fact]
    public async Task A_continuation_of_another_filter_or_one_that_was_changed_is_refused_with_what_to_do()
    {
        for (var i = 0; i < 5; i++)
            await KeepAsync(i, Outcome.Acted);
        var token = (string)(await GetAsync("/api/incidents?top=2"))["continuation"]!;
        Assert.Equal(2, (await GetAsync($"/api/incidents?top=2&continuation={token}"))["incidents"]!.AsArray().Count);
        Assert.Equal(3, (await GetAsync($"/api/incidents?top=50&continuation={token}"))["incidents"]!.AsArray().Count);
        foreach (
            var path in (string[])
                [
                    $"/api/incidents?state=Acted&continuation={token}",
                    $"/api/approvals?continuation={token}",
                    $"/api/incidents?continuation={token[..^3]}",
                    "/api/incidents?continuation=%00%F0",
                    "/api/containments?continuation=W10",
                ]
        )
        {
            using var answer = await AskAsync(path);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("Begin again without it", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("top=201", "1 to 200")]
    [InlineData("top=0", "1 to 200")]
    [InlineData("top=5&top=6", "2 times")]
    [InlineData("state=Done", "Awaiting")]
    [InlineData("state=3", "Awaiting")]
    [InlineData("from=yesterday", "2026-11-23T03:00:00Z")]
    [InlineData("Top=5", "Did you mean top?")]
    [InlineData("stat=Acted", "Known here: state, severity, identity, text, from, to, top, continuation")]
    public async Task A_parameter_that_cannot_be_is_refused_with_what_it_can_be(string query, string words)
    {
        using var answer = await AskAsync($"/api/incidents?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(words, (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_requests_and_containments_come_in_pages_each_row_once()
    {
        await served.Machine.Start();
        for (var i = 0; i < 2; i++)
            await served.Machine.Alerts.SendAsync(
                OutgoingMessage.Json(Given.StolenAccount(Person(i), $"alert-{i}", $"incident-{i}").ToJsonString())
            );
        await World.EventuallyAsync(async () => await RowsAsync("/api/approvals?top=200", "approvals") is { Count: 2 }, "two requests");
        var paged = await RowsAsync("/api/approvals?top=1", "approvals");
        Assert.Equal(2, paged.Distinct().Count());
        foreach (var id in paged)
            Assert.Equal(HttpStatusCode.Accepted, await PostAsync($"/api/approvals/{id}", """{"decision":"approve","reason":"r"}"""));
        const string Disabled = "/api/containments?action=disable_user_account_temporarily";
        await World.EventuallyAsync(async () => await RowsAsync(Disabled, "containments") is { Count: 2 }, "two containments");
        var whole = await RowsAsync("/api/containments?all=true", "containments");
        Assert.Equal(whole, await RowsAsync("/api/containments?all=true&top=1", "containments"));
        Assert.Equal(whole.Count, whole.Distinct().Count());
        Assert.Single(await RowsAsync($"{Disabled}&target={Person(0)}", "containments"));
    }

    [Fact]
    public async Task Who_has_the_answer_already_gets_304_and_who_saw_another_state_changes_nothing()
    {
        await served.Machine.Start();
        await served.Machine.Alerts.SendAsync(OutgoingMessage.Json(Given.StolenAccount().ToJsonString()));
        await World.EventuallyAsync(async () => await RowsAsync("/api/approvals", "approvals") is { Count: 1 }, "a request");
        var id = (await RowsAsync("/api/approvals", "approvals"))[0];
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync($"/api/approvals/{id}", """{"decision":"approve","reason":"r"}"""));
        var path = $"/api/containments/{World.DisableOf(World.Adele)}";
        await World.EventuallyAsync(
            async () =>
            {
                using var found = await AskAsync(path);
                return found.IsSuccessStatusCode
                    && (string)JsonNode.Parse(await found.Content.ReadAsStringAsync())!["state"]!["effect"]! == "InEffect";
            },
            path
        );
        using var answer = await AskAsync(path);
        var tag = answer.Headers.ETag!;
        using (var again = await AskAsync(path, r => r.Headers.IfNoneMatch.Add(tag)))
        {
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Equal(tag, again.Headers.ETag);
            Assert.Empty(await again.Content.ReadAsStringAsync());
        }
        const string Longer = """{"reason":"still looking","hours":1}""";
        var before = DateTimeOffset.Parse((string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["undoAt"]!);
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PostAsync($"{path}/extend", Longer, new EntityTagHeaderValue("\"other-1\"")));
        var (status, said) = await SayAsync($"{path}/extend", Longer, tag);
        Assert.Equal(HttpStatusCode.Accepted, status);
        // It lasts two hours already: an hour from now shortens nothing, and the answer says the end that is.
        Assert.Equal(
            (before, "It lasts that long already; nothing was shortened."),
            ((DateTimeOffset)said["until"]!, (string)said["note"]!)
        );
        Assert.NotNull(said["at"]);
    }

    private static string IdOf(int i) => $"incident-{i:D5}";

    private static string Person(int i) => $"00000000-0000-4000-8000-0000000000a{i + 1}";

    private Task KeepAsync(int i, Outcome outcome, int revision = 1, Severity severity = Severity.Medium) =>
        served
            .Machine.Services.GetRequiredService<IncidentTable>()
            .KeepAsync(
                new ShownIncident(
                    new IncidentView
                    {
                        Incident = IdOf(i),
                        Number = 1,
                        AlertId = $"alert-{i}",
                        Title = $"Alert {i}",
                        Severity = severity,
                        OpenedAt = Night.AddMinutes(i),
                        PolicyHash = "",
                        Outcome = outcome,
                        Decisions = [new DecisionView("a", $"account:{i}", $"Person-{i}@contoso.example", default, 1, default, "")],
                    },
                    revision
                ),
                CancellationToken.None
            );

    private async Task<int> CountAsync(string query) => (await GetAsync($"/api/incidents?top=200&{query}"))["incidents"]!.AsArray().Count;

    private async Task<List<string>> RowsAsync(string path, string list)
    {
        var rows = new List<string>();
        string? next = path;
        while (next is not null)
        {
            var page = await GetAsync(next);
            rows.AddRange(page[list]!.AsArray().Select(r => (string)r!["id"]!));
            next = (string?)page["next"];
        }
        return rows;
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await AskAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpResponseMessage> AskAsync(string path, Action<HttpRequestMessage>? also = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(DevelopmentSignIn.Header, World.Alex);
        also?.Invoke(request);
        return await served.Http.SendAsync(request);
    }

    private async Task<HttpStatusCode> PostAsync(string path, string body, EntityTagHeaderValue? seen = null) =>
        (await SayAsync(path, body, seen)).Status;

    private async Task<(HttpStatusCode Status, JsonNode Said)> SayAsync(string path, string body, EntityTagHeaderValue? seen)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(DevelopmentSignIn.Header, World.Alex);
        if (seen is not null)
            request.Headers.IfMatch.Add(seen);
        using var answer = await served.Http.SendAsync(request);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
