using System.Net;
using IRFunctions.Approvals;
using IRFunctions.Local.Tenant;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Tests.Approvals;
using Microsoft.Graph;

namespace IRFunctions.Tests.People;

/// <summary>Who is asked, who may answer, and what happens where cards do not arrive.</summary>
public sealed class OnCallTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    internal static HttpClient Tenant(TeamsWorld teams)
    {
        var http = new HttpClient(new TenantHttpHandler(teams.World.Machine.Tenant)) { BaseAddress = new Uri("http://127.0.0.1/") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "test");
        return http;
    }

    [Fact]
    public async Task The_members_of_an_Entra_group_are_asked_and_may_answer()
    {
        await using var teams = await TeamsWorld.CreateAsync(RaceTests.InEntra);
        await teams.AskedAsync();
        Assert.Equal("Alex Analyst", Assert.Single((await teams.World.PendingAsync())[0].View.Rungs[0].Approvers).Name);
        Assert.Equal(200, (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve")).Status);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_group_that_cannot_be_read_approves_nothing_and_the_request_climbs()
    {
        await using var teams = await TeamsWorld.CreateAsync(ladder =>
            RaceTests.InEntra(ladder).Replace(TenantSeed.PrimaryApprovers, "00000000-0000-4000-8000-00000000dead", StringComparison.Ordinal)
        );
        await teams.World.SendAsync(Given.StolenAccount());
        await teams.World.RunAsync();
        await teams.World.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, (await teams.World.PendingAsync())[0].View.Stage);
        Assert.Single(teams.CardsOf(World.Sam));
        Assert.Contains(AuditKinds.Undelivered, await teams.World.KindsAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident));
    }

    [Fact]
    public async Task Cards_that_cannot_be_delivered_climb_at_once_and_it_is_on_the_record()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        teams.Teams.Failing[TeamsWorld.ChatOf(World.Alex)] = 403;
        await teams.World.SendAsync(Given.StolenAccount());
        await teams.World.RunAsync();
        Assert.Equal(1, (await teams.World.PendingAsync())[0].View.Stage);
        Assert.Single(teams.CardsOf(World.Sam));
        Assert.Contains(AuditKinds.Undelivered, await teams.World.KindsAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident));
        Assert.NotEmpty(teams.World.Effects("page.trigger"));
    }

    [Fact]
    public async Task Where_Teams_only_stumbles_the_card_is_tried_again()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        teams.Teams.Failing[TeamsWorld.ChatOf(World.Alex)] = 503;
        await teams.World.SendAsync(Given.StolenAccount());
        await teams.World.RunAsync();
        teams.Teams.Failing.Clear();
        await teams.World.PassAsync(TimeSpan.FromSeconds(2));
        Assert.Single(teams.CardsOf(World.Alex));
        Assert.Equal(0, (await teams.World.PendingAsync())[0].View.Stage);
    }

    [Fact]
    public async Task Somebody_who_never_talked_to_the_app_gets_a_chat_of_their_own()
    {
        await using var teams = await TeamsWorld.CreateAsync(installed: false);
        await teams.AskedAsync();
        Assert.Single(teams.CardsOf(World.Alex));
    }

    [Fact]
    public async Task Where_the_app_is_removed_nothing_is_remembered()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        Assert.NotNull(await teams.Get<ConversationTable>().FindPersonAsync(World.Alex, default));
        Assert.Equal(200, (await teams.PostAsync(TeamsWorld.Install(World.Alex, "remove"))).Http);
        Assert.Null(await teams.Get<ConversationTable>().FindPersonAsync(World.Alex, default));
    }

    [Fact]
    public async Task Several_actions_of_one_incident_come_as_one_card_with_one_decision_each_or_all()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var view = Cards.View();
        var desk = teams.Get<CardSender>();
        var id = await teams.AskedAsync();
        var first = await teams.World.ViewAsync(id);
        Assert.Single(teams.CardsOf(World.Alex));
        var second = view with
        {
            Request = first!.Request with { Decision = first.Request.Decision with { Action = "revoke_user_sessions" } },
            Rungs = first.Rungs,
        };
        var delivery = await desk.AskAsync("approval-second", second, first.Rungs[0].Approvers, true, default);
        Assert.True(delivery.Delivered);
        var card = Assert.Single(teams.CardsOf(World.Alex));
        Assert.Equal(1, card.Updates);
        Assert.Contains("Approve all 2", card.Content.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(
            ["approve", "deny", "approve", "deny", "approve", "deny", "more"],
            TeamsWorld.Actions(card.Content).Select(a => (string)a["verb"]!)
        );
    }

    private static Task<(IReadOnlyList<Approver> Approvers, IReadOnlyList<string> Problems)> WhoAsync(
        TeamsWorld teams,
        HttpMessageHandler schedule
    ) =>
        new OnCall(teams.Get<GraphServiceClient>(), new HttpClient(schedule), teams.Get<PolicyStore>(), teams.World.Time).WhoAsync(
            "soc_primary",
            [],
            default
        );

    private static string WithSchedule(string ladder) =>
        ladder.Replace(
            "  soc_primary:\n    members:\n",
            $"  soc_primary:\n    schedule: https://oncall.example/now\n    members:\n      - {{ id: {World.Outsider}, name: Megan }}\n",
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("{\"onCall\":[\"00000000-0000-4000-8000-0000000000b1\"]}", 1, 0)]
    [InlineData("{\"onCall\":[\"00000000-0000-4000-8000-0000000000b3\"]}", 2, 1)] // Not of this group: a schedule makes nobody an approver.
    [InlineData("{\"onCall\":[]}", 2, 1)]
    [InlineData("nonsense", 2, 1)]
    [InlineData("{\"onCall\":7}", 2, 1)]
    [InlineData("{\"onCall\":[7]}", 2, 1)]
    [InlineData(null, 2, 1)]
    public async Task An_on_call_schedule_chooses_among_the_group_and_where_it_fails_all_are_asked(string? answer, int asked, int problems)
    {
        await using var teams = await TeamsWorld.CreateAsync(WithSchedule, installed: false);
        var (people, trouble) = await WhoAsync(teams, new Says(answer));
        Assert.Equal(asked, people.Count);
        Assert.Equal(problems, trouble.Count);
    }

    [Fact]
    public async Task Quiet_hours_spare_people_while_another_is_awake_and_never_leave_nobody()
    {
        static string Quiet(string ladder, string both) =>
            ladder
                .Replace(
                    "  soc_primary:\n    members:\n",
                    $"  soc_primary:\n    members:\n      - {{ id: {World.Outsider}, name: Megan{both} }}\n",
                    StringComparison.Ordinal
                )
                .Replace(
                    "name: Alex Analyst",
                    "name: Alex Analyst, quiet: { from: \"22:00\", until: \"06:00\" }",
                    StringComparison.Ordinal
                );
        await using var one = await TeamsWorld.CreateAsync(l => Quiet(l, ""), installed: false); // It is 3 AM.
        Assert.Equal("Megan", Assert.Single((await WhoAsync(one, new Says(null))).Approvers).Name);
        await using var all = await TeamsWorld.CreateAsync(
            l => Quiet(l, ", quiet: { from: \"00:00\", until: \"05:00\" }"),
            installed: false
        );
        Assert.Equal(2, (await WhoAsync(all, new Says(null))).Approvers.Count);
    }

    [Fact]
    public async Task A_substitute_is_asked_and_may_answer_while_somebody_is_away()
    {
        await using var teams = await TeamsWorld.CreateAsync(l =>
            l.Replace(
                "name: Alex Analyst",
                $"name: Alex Analyst, away: {{ from: 2026-11-20, until: 2026-11-23, substitute: {{ id: {World.Outsider}, name: Megan }} }}",
                StringComparison.Ordinal
            )
        );
        await teams.AskedAsync();
        Assert.Empty(teams.CardsOf(World.Alex));
        Assert.Equal(200, (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Outsider)), World.Outsider, "approve")).Status);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Withdrawn_nothing_runs_a_ticket_is_opened_people_are_paged_and_the_card_says_withdrawn_S12()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var id = await teams.AskedAsync();
        var (pages, tickets) = (teams.World.Effects("page.trigger").Count, teams.World.Effects("ticket.create").Count);
        Assert.Equal(202, await teams.World.AnswerAsync(id, World.Sam, "withdraw", "the owner called"));
        await teams.World.PassAsync(40 * Minute);
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Equal((pages + 1, tickets + 1), (teams.World.Effects("page.trigger").Count, teams.World.Effects("ticket.create").Count));
        Assert.Contains(
            "Withdrawn: no decision is needed",
            Assert.Single(teams.CardsOf(World.Alex)).Content.ToJsonString(),
            StringComparison.Ordinal
        );
        Assert.Contains(AuditKinds.Withdrawn, await teams.World.KindsAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident));
    }

    private sealed class Says(string? body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(
                new HttpResponseMessage(body is null ? HttpStatusCode.InternalServerError : HttpStatusCode.OK)
                {
                    Content = new StringContent(body ?? ""),
                }
            );
    }
}
