using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Worlds;

/// <summary>What a click came to: HTTP status, and the invoke response where there was one.</summary>
internal sealed record ClickResult(int Http, JsonNode? Body)
{
    public int Status => Body?["statusCode"]?.GetValue<int>() ?? 0;

    public string? Code => Body?["value"]?["code"]?.GetValue<string>();

    public string Text => Body?.ToJsonString() ?? "";
}

/// <summary>
/// The whole pipeline with the bot switched on: the production validator, a loopback token service and connector, everybody's app
/// installed.
/// </summary>
internal sealed class TeamsWorld : IAsyncDisposable
{
    public const string ServiceUrl = "http://127.0.0.1/teams/connector";

    private TeamsWorld(World world) => World = world;

    public World World { get; }

    public LoopbackTeams Teams => World.Machine.Teams;

    public static async Task<TeamsWorld> CreateAsync(
        Func<string, string>? ladder = null,
        bool installed = true,
        IReadOnlyDictionary<string, string?>? settings = null,
        Func<string, string>? actions = null
    )
    {
        var all = LocalSettings
            .Teams(null)
            .Concat(settings ?? new Dictionary<string, string?>())
            .GroupBy(p => p.Key)
            .ToDictionary(g => g.Key, g => g.Last().Value);
        var world = await World.CreateAsync(o =>
            o with
            {
                Settings = all,
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name switch
                            {
                                "ladder.yaml" => f with { Text = ladder?.Invoke(f.Text) ?? f.Text },
                                "actions.yaml" => f with { Text = actions?.Invoke(f.Text) ?? f.Text },
                                _ => f,
                            }
                        ),
                    ],
            }
        );
        var teams = new TeamsWorld(world);
        foreach (var person in installed ? (string[])[World.Alex, World.Sam, World.Morgan] : [])
            Assert.Equal(200, (await teams.PostAsync(Install(person))).Http);
        return teams;
    }

    /// <summary>Two people have to agree.</summary>
    public static string FourEyes(string actions) =>
        actions.Replace(
            "  disable_user_account_temporarily:\n",
            "  disable_user_account_temporarily:\n    quorum: 2\n",
            StringComparison.Ordinal
        );

    public async Task<string> AskedAsync()
    {
        var id = await StolenAccountTests.AskedAsync(World);
        var record = await World.RecordAsync(Assert.Single(await World.IncidentsAsync()).Incident);
        Assert.All(record, e => Assert.False(e.Kind == AuditKinds.Undelivered, e.Text));
        return id;
    }

    public static string ChatOf(string person) => $"a:{person}";

    public IReadOnlyList<HeldCard> CardsOf(string person) => [.. Teams.Cards.Where(c => c.Conversation == ChatOf(person))];

    public static JsonObject Install(string person, string action = "add") =>
        new()
        {
            ["type"] = "installationUpdate",
            ["action"] = action,
            ["channelId"] = "msteams",
            ["serviceUrl"] = ServiceUrl,
            ["id"] = "i1",
            ["from"] = From(person),
            ["conversation"] = Chat(person),
            ["channelData"] = Tenant(),
        };

    /// <summary>The invoke that Teams sends when a button of this card is pressed.</summary>
    public static JsonObject Click(HeldCard card, string person, string verb, string? reason = "seen in the sign-in log", int index = 0)
    {
        var action =
            Actions(card.Content).Where(a => (string?)a["verb"] == verb).Skip(index).FirstOrDefault()
            ?? throw new InvalidOperationException($"no button {verb} in {card.Content.ToJsonString()}");
        var data = (JsonObject)action["data"]!.DeepClone();
        if (reason is not null)
            data["reason"] = reason;
        return new JsonObject
        {
            ["type"] = "invoke",
            ["name"] = "adaptiveCard/action",
            ["channelId"] = "msteams",
            ["serviceUrl"] = ServiceUrl,
            ["id"] = $"f:{Guid.NewGuid()}",
            ["from"] = From(person),
            ["recipient"] = new JsonObject { ["id"] = $"28:{LoopbackTeams.AppId}" },
            ["conversation"] = new JsonObject
            {
                ["id"] = card.Conversation,
                ["tenantId"] = TenantSeed.TenantId,
                ["conversationType"] = "personal",
            },
            ["channelData"] = Tenant(),
            ["replyToId"] = card.Activity,
            ["value"] = new JsonObject
            {
                ["action"] = new JsonObject
                {
                    ["type"] = "Action.Execute",
                    ["verb"] = verb,
                    ["data"] = data,
                },
                ["trigger"] = "manual",
            },
        };
    }

    public Task<ClickResult> ClickAsync(
        HeldCard card,
        string person,
        string verb,
        string? reason = "seen in the sign-in log",
        int index = 0
    ) => PostAsync(Click(card, person, verb, reason, index));

    /// <summary>Posts to the bot with an honest token, or with the header given ("" for none).</summary>
    public Task<ClickResult> PostAsync(JsonNode activity, string? authorization = null) =>
        PostAsync(Encoding.UTF8.GetBytes(activity.ToJsonString()), authorization ?? $"Bearer {Teams.BotToken(ServiceUrl)}");

    public async Task<ClickResult> PostAsync(byte[] body, string authorization, bool sayLength = true)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = "POST";
        http.Request.Body = new MemoryStream(body);
        if (sayLength)
            http.Request.ContentLength = body.Length;
        if (authorization.Length > 0)
            http.Request.Headers.Authorization = authorization;
        var bot = ActivatorUtilities.CreateInstance<BotEndpoint>(World.Machine.Services);
        return await bot.PostAsync(http.Request, World.Client, CancellationToken.None) switch
        {
            ContentResult content => new ClickResult(content.StatusCode ?? 200, JsonNode.Parse(content.Content!)),
            StatusCodeResult status => new ClickResult(status.StatusCode, null),
            ObjectResult problem => new ClickResult(problem.StatusCode ?? 200, null),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    /// <summary>Refusals on any chain, newest last.</summary>
    public async Task<IReadOnlyList<AuditEntry>> RefusedAsync()
    {
        var chains = (await World.IncidentsAsync()).Select(i => i.Incident).Append(RecordChains.Pipeline).Distinct();
        var entries = new List<AuditEntry>();
        foreach (var chain in chains)
            entries.AddRange((await World.RecordAsync(chain)).Where(e => e.Kind == AuditKinds.Refused));
        return entries;
    }

    /// <summary>The policy in force from now on, as after a deployment.</summary>
    public T Get<T>()
        where T : notnull => World.Machine.Services.GetRequiredService<T>();

    public static IEnumerable<JsonNode> Actions(JsonNode? node) =>
        Walk(node).Where(n => n is JsonObject o && (string?)o["type"] == "Action.Execute");

    public static IEnumerable<JsonNode> Walk(JsonNode? node)
    {
        if (node is null)
            yield break;
        yield return node;
        var children =
            node is JsonObject o ? o.Where(p => p.Key != "refresh").Select(p => p.Value)
            : node is JsonArray a ? a
            : Enumerable.Empty<JsonNode?>();
        foreach (var found in children.SelectMany(Walk))
            yield return found;
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    private static JsonObject From(string person) =>
        new()
        {
            ["id"] = $"29:{person}",
            ["aadObjectId"] = person,
            ["name"] = "whatever they call themselves",
        };

    private static JsonObject Chat(string person) =>
        new()
        {
            ["id"] = ChatOf(person),
            ["tenantId"] = TenantSeed.TenantId,
            ["conversationType"] = "personal",
        };

    private static JsonObject Tenant() => new() { ["tenant"] = new JsonObject { ["id"] = TenantSeed.TenantId } };
}
