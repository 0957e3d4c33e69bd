using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using IRFunctions.Agents;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Containment.Actions;
using IRFunctions.Limits;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;
using IRFunctions.Record;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>A world in which the model recommends one action; its stores and tenant outlive a crash of the machine.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private const string Inbox = "inbox";
    private readonly MemoryStore store = new();
    private readonly InMemoryQueueStorage queue = new();
    private readonly EmbeddedTableServiceClient tables;
    private readonly SimulatedTenant tenant;
    private readonly HttpClient http;
    private readonly Func<MachineOptions, MachineOptions>? change;
    private readonly TenantPicture start;
    private TenantPicture? done;
    private string? losing;

    private Stage(ActionCase action, Func<MachineOptions, MachineOptions>? change)
    {
        (Case, this.change) = (action, change);
        tables = new EmbeddedTableServiceClient(Time);
        tenant = SimulatedTenant.InMemory(Time);
        start = TenantPicture.Of(tenant);
        http = new HttpClient(new TenantHttpHandler(tenant)) { BaseAddress = new Uri("http://127.0.0.1/") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "someone-else");
    }

    public VirtualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));

    public ActionCase Case { get; }

    public World World { get; private set; } = null!;

    public TenantFaults Faults => tenant.Faults;

    /// <param name="engine">Of the first machine; one that is started anew has none of its faults.</param>
    public static async Task<Stage> OpenAsync(
        ActionCase action,
        Func<MachineOptions, MachineOptions>? change = null,
        EngineOptions? engine = null
    )
    {
        var stage = new Stage(action, change);
        await stage.RestartAsync(engine);
        return stage;
    }

    public static Task<Stage> OpenAsync(string name, Func<MachineOptions, MachineOptions>? change = null) =>
        OpenAsync(ActionCase.Of(name), change);

    /// <summary>
    /// The machine starts anew, and what waited for its time at these instances is lost, as after a restore of half a store.
    /// </summary>
    public async Task LoseTimersAsync(string prefix)
    {
        losing = prefix;
        await RestartAsync(null);
        losing = null;
    }

    /// <summary>Starts the machine anew on what is stored.</summary>
    public async Task RestartAsync(EngineOptions? engine)
    {
        if (World is not null)
            await World.DisposeAsync();
        World = await World.CreateAsync(
            options =>
            {
                options = options with
                {
                    Model = ScriptedModel.Recommending(Case.Action, Time),
                    Engine = engine ?? options.Engine,
                    Replace = services =>
                    {
                        services.AddSingleton<IDurableStore>(losing is { } prefix ? new LossyStore(store, prefix) : store);
                        services.AddSingleton<IQueueStorage>(queue);
                        services.AddSingleton<TableServiceClient>(tables);
                        services.AddSingleton(tenant);
                    },
                };
                options = Case.Configure(options);
                return change?.Invoke(options) ?? options;
            },
            Time
        );
    }

    /// <summary>Sends the alert and, where people are asked, has them approve.</summary>
    public async Task ActAsync(string alert = "alert-1")
    {
        await AskAsync(alert);
        await ApproveAsync();
    }

    public async Task AskAsync(string alert = "alert-1")
    {
        if (Case.Breaker is { } identity)
            await OpenBreakerAsync(identity, int.Parse(alert.AsSpan("alert-".Length), CultureInfo.InvariantCulture));
        else
            await World.SendAsync(Case.Alert(alert));
        await World.RunAsync();
    }

    /// <summary>
    /// A person opens it for the n-th time. Unlike a message, what was begun is not begun again by whoever comes back after a crash.
    /// </summary>
    private async Task OpenBreakerAsync(string identity, int opening)
    {
        var id = $"follow-{identity}-{opening}";
        if (await World.Client.GetInstanceAsync(id) is not null)
            return;
        var change = new BreakerChange
        {
            Identity = identity,
            IdentityType = "ai_agent",
            Number = opening,
            Opening = opening,
            From = BreakerStatus.Closed,
            To = BreakerStatus.Open,
            Cause = "person",
            By = World.Alex,
            Reason = "it behaves oddly",
            At = Time.GetUtcNow(),
        };
        await World.Client.ScheduleNewOrchestrationInstanceAsync(nameof(BreakerOrchestrator), change, new StartOrchestrationOptions(id));
    }

    /// <summary>Does what can be done again; where the machine dies, another starts on what is stored and goes on.</summary>
    /// <param name="next">Engine of the machine that is started anew.</param>
    public async Task SurviveAsync(Func<Task> act, EngineOptions? next = null)
    {
        try
        {
            await act();
        }
        catch (SimulatedCrash)
        {
            await RestartAsync(next);
            await World.RunAsync();
            await act();
        }
    }

    /// <summary>From between two steps of the engine: the stop stands before anything that the step just stored leads to.</summary>
    public void EngageStop()
    {
        var sent = World.Client.Entities.SignalEntityAsync(
            GlobalStop.Id,
            nameof(GlobalStop.Engage),
            new StopOrder(World.Alex, "something is off")
        );
        Assert.True(sent.IsCompletedSuccessfully); // In memory; nothing waits here.
    }

    /// <summary>Whether a step belongs to a containment itself, from its order to its undo.</summary>
    public static bool IsContainment(string instance) =>
        instance.StartsWith("contain-", StringComparison.Ordinal)
        || instance.StartsWith("undo-", StringComparison.Ordinal)
        || instance.StartsWith("@scheduledrollback@", StringComparison.Ordinal);

    public async Task ApproveAsync()
    {
        foreach (var person in (string[])[World.Alex, World.Sam])
        {
            foreach (var (id, _) in await World.PendingAsync())
                Assert.Equal(202, await World.AnswerAsync(id, person, "approve"));
            await World.RunAsync();
        }
        Assert.Empty(await World.PendingAsync());
    }

    /// <summary>Seen in the tenant itself: it is no request, and meets none of the faults.</summary>
    public bool InEffect() => Case.Rehearsed.InEffect(start, TenantPicture.Of(tenant));

    /// <summary>Somebody puts back, at another console, what the action changed.</summary>
    public void SomeoneElseUndoes()
    {
        done = TenantPicture.Of(tenant);
        Write(Case.Rehearsed.Before(start, done));
    }

    /// <summary>Somebody does what the action does.</summary>
    public void SomeoneElseDoes() => Write(Case.Rehearsed.BySomeoneElse(start, done));

    private void Write(IEnumerable<(string Kind, string Id, string? Json)> documents)
    {
        foreach (var (kind, id, json) in documents)
            tenant.SetDocument(kind, id, json);
    }

    public async Task<RollbackState> ContainmentAsync() => (await World.ContainmentsAsync()).Single(c => c.Id == Case.Containment).State;

    public async Task<IReadOnlyList<AuditEntry>> StoryAsync()
    {
        var story = new List<AuditEntry>();
        foreach (var incident in (await World.IncidentsAsync()).Select(i => i.Incident).Distinct())
        {
            // The ticket and the page of the same alert write to the same chain.
            var order = Fingerprint.Of(incident, Case.Action, Case.TargetKey);
            story.AddRange(
                (await World.RecordAsync(incident)).Where(e =>
                    !e.FactId.StartsWith("contain-", StringComparison.Ordinal) || e.FactId.Contains(order, StringComparison.Ordinal)
                )
            );
        }
        return story;
    }

    public async Task<IReadOnlyList<string>> KindsAsync() => [.. (await StoryAsync()).Select(e => e.Kind)];

    public IEnumerable<string> Pages => World.Machine.Tenant.Journal.Of("page.trigger").Where(e => e.Changed).Select(e => e.Detail);

    public int Effects(string effect) => World.Effects(effect).Count;

    public async Task<JsonNode> GraphAsync(string path) => (await http.GetFromJsonAsync<JsonNode>($"graph/v1.0/{path}"))!;

    public async Task PostAsync(string path, object body)
    {
        using var answer = await http.PostAsJsonAsync($"graph/v1.0/{path}", body);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<bool> IsInInboxAsync()
    {
        var inbox = (string?)(await GraphAsync($"users/{World.Megan}/mailFolders/{Inbox}"))["id"];
        return (string?)(await MessageAsync())["parentFolderId"] == inbox;
    }

    public async Task MoveMailAsync(string folder) =>
        await PostAsync(
            $"users/{World.Megan}/messages/{Uri.EscapeDataString((string)(await MessageAsync())["id"]!)}/move",
            new { destinationId = folder }
        );

    public async Task QuarantineMailAsync()
    {
        var filter = Uri.EscapeDataString($"displayName eq '{QuarantineEmail.Folder}'");
        if (await FolderAsync() is null)
            await PostAsync($"users/{World.Megan}/mailFolders", new { displayName = QuarantineEmail.Folder, isHidden = true });
        await MoveMailAsync((await FolderAsync())!);

        async Task<string?> FolderAsync() =>
            (string?)
                (await GraphAsync($"users/{World.Megan}/mailFolders?includeHiddenFolders=true&$filter={filter}"))["value"]!
                    .AsArray()
                    .FirstOrDefault()
                    ?["id"];
    }

    private async Task<JsonNode> MessageAsync() =>
        (
            await GraphAsync(
                $"users/{World.Megan}/messages?$filter={Uri.EscapeDataString($"internetMessageId eq '{TenantSeed.PhishingMail}'")}"
            )
        )["value"]![0]!;

    public async Task<IReadOnlyList<string>> BlockedRangesAsync() =>
        [
            .. (await GraphAsync($"identity/conditionalAccess/namedLocations/{TenantSeed.BlockedLocation}"))["ipRanges"]!
                .AsArray()
                .Select(r => (string)r!["cidrAddress"]!),
        ];

    public async Task SetBlockedRangesAsync(params string[] ranges)
    {
        var body = new JsonObject
        {
            ["@odata.type"] = "#microsoft.graph.ipNamedLocation",
            ["ipRanges"] = new JsonArray([
                .. ranges.Select(r => (JsonNode)new JsonObject { ["@odata.type"] = "#microsoft.graph.iPv4CidrRange", ["cidrAddress"] = r }),
            ]),
        };
        using var answer = await http.PatchAsJsonAsync(
            $"graph/v1.0/identity/conditionalAccess/namedLocations/{TenantSeed.BlockedLocation}",
            body
        );
        answer.EnsureSuccessStatusCode();
    }

    public async Task<IReadOnlyList<JsonNode>> WatchlistAsync() =>
        [
            .. (
                await http.GetFromJsonAsync<JsonNode>(
                    $"arm{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/watchlists/{TenantSeed.Watchlist}/"
                        + $"watchlistItems?api-version=2024-09-01"
                )
            )!["value"]!
                .AsArray()
                .Select(i => i!),
        ];

    public async Task ClearWatchlistAsync()
    {
        foreach (var item in await WatchlistAsync())
            (await http.DeleteAsync($"arm{(string)item["id"]!}?api-version=2024-09-01")).Dispose();
    }

    /// <summary>Somebody puts the address on the list under the id that is ours for it.</summary>
    public async Task WatchAsync(string address)
    {
        var id = new Guid(Convert.FromHexString(Fingerprint.Of("watchlist", address) + "00000000"));
        var uri =
            $"arm{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/watchlists/{TenantSeed.Watchlist}/watchlistItems/{id}?"
            + $"api-version=2024-09-01";
        using var answer = await http.PutAsJsonAsync(
            uri,
            new { properties = new { itemsKeyValue = new { IPAddress = address, Source = "a person" } } }
        );
        answer.EnsureSuccessStatusCode();
    }

    public async Task<bool> IsStateAsync(JsonObject target, string state) =>
        (await World.Machine.Services.GetRequiredService<Connector>().ReadAsync("state", target, CancellationToken.None)).State == state;

    /// <summary>Somebody changes the receiver's state at its own console.</summary>
    public Task SetStateAsync(string key, string state)
    {
        tenant.SetConnectorState(key, state);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        http.Dispose();
        await tenant.DisposeAsync();
    }
}

/// <summary>The machine dies here.</summary>
internal sealed class SimulatedCrash : Exception;

/// <summary>Forgets, when an engine starts on it, messages that wait for their time.</summary>
internal sealed class LossyStore(IDurableStore inner, string prefix) : IDurableStore
{
    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork()
    {
        var (messages, highest) = inner.LoadWork();
        return ([.. messages.Where(m => m.Due == 0 || !m.Target.StartsWith(prefix, StringComparison.Ordinal))], highest);
    }

    public InstanceRecord? Read(string instanceId) => inner.Read(instanceId);

    public IReadOnlyList<byte[]> ReadHistory(long execution) => inner.ReadHistory(execution);

    public ValueTask<bool> CommitAsync(StepCommit commit) => inner.CommitAsync(commit);

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter) => inner.Query(filter);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
