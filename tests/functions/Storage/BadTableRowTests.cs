using System.Reflection;
using Azure.Data.Tables;
using IRFunctions.Agents;
using IRFunctions.Containment;
using IRFunctions.Tests.Agents;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Storage;

/// <summary>
/// Rows that nobody of us wrote, in every table and every partition: with other types, with keys of another form, with broken JSON. Every
/// timer function and every function that answers a GET is found by reflection, so that a new one is asked the same.
/// </summary>
public sealed class BadTableRowTests
{
    private static readonly Assembly Functions = typeof(Pipeline).Assembly;

    /// <summary>What stops the pipeline on purpose is no row of a list: the policy that an incident is frozen to.</summary>
    private static readonly string[] NotLists = ["policies"];

    public static TheoryData<string> Timers =>
        [.. Triggered<TimerTriggerAttribute>().Select(m => m.GetCustomAttribute<FunctionAttribute>()!.Name).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Gets =>
        [
            .. Triggered<HttpTriggerAttribute>()
                .Where(m => RouteOf(m).Methods!.Contains("get") && m.Name != "StreamAsync")
                .Select(m => m.GetCustomAttribute<FunctionAttribute>()!.Name)
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void There_are_timers_and_lists_to_ask() =>
        Assert.True(Timers.Count >= 9 && Gets.Count >= 20, $"{Timers.Count} timers, {Gets.Count} GETs");

    [Theory]
    [MemberData(nameof(Timers))]
    public async Task A_timer_function_survives_rows_that_cannot_be_read(string name)
    {
        await using var world = await SpoiltAsync();
        await InvokeAsync(world, name, []);
    }

    [Theory]
    [MemberData(nameof(Gets))]
    public async Task A_function_that_answers_a_GET_survives_rows_that_cannot_be_read(string name)
    {
        await using var world = await SpoiltAsync();
        var incident = (await world.IncidentsAsync())[0].Incident;
        foreach (
            var id in (string[])[incident, "approval-" + new string('0', 24), World.DisableOf(World.Adele), "trading-agent-1", "pipeline"]
        )
            Assert.InRange(
                await InvokeAsync(
                    world,
                    name,
                    new()
                    {
                        ["id"] = id,
                        ["incident"] = id,
                        ["version"] = 1L,
                        ["view"] = "effects",
                        ["file"] = "console.css",
                    }
                ),
                200,
                499
            );
    }

    private static IEnumerable<MethodInfo> Triggered<T>()
        where T : Attribute =>
        Functions
            .GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m =>
                m.GetCustomAttribute<FunctionAttribute>() is not null && m.GetParameters().Any(p => p.GetCustomAttribute<T>() is not null)
            );

    private static HttpTriggerAttribute RouteOf(MethodInfo method) =>
        method.GetParameters().Select(p => p.GetCustomAttribute<HttpTriggerAttribute>()).First(a => a is not null)!;

    /// <returns>The HTTP status; 200 where there is none.</returns>
    private static async Task<int> InvokeAsync(World world, string name, Dictionary<string, object> values)
    {
        var method = Triggered<TimerTriggerAttribute>()
            .Concat(Triggered<HttpTriggerAttribute>())
            .Single(m => m.GetCustomAttribute<FunctionAttribute>()!.Name == name);
        var request = World.Request(World.Alex, new { });
        request.QueryString = new QueryString(
            "?all=true&incident="
                + (values.TryGetValue("incident", out var i) ? i : "")
                + "&from=2026-11-20T00:00:00Z&to=2026-11-24T00:00:00Z"
        );
        request.HttpContext.Response.Body = new MemoryStream();
        object?[] arguments =
        [
            .. method
                .GetParameters()
                .Select(p =>
                    p.ParameterType switch
                    {
                        var t when t == typeof(HttpRequest) => request,
                        var t when t == typeof(TimerInfo) => new TimerInfo(),
                        var t when t == typeof(DurableTaskClient) => world.Client,
                        var t when t == typeof(CancellationToken) => (object)CancellationToken.None,
                        _ => values[p.Name!],
                    }
                ),
        ];
        var target = method.IsStatic ? null : ActivatorUtilities.CreateInstance(world.Machine.Services, method.DeclaringType!);
        if (method.Invoke(target, arguments) is not Task task)
            return 200;
        await task;
        var result = task.GetType().GetProperty("Result")?.GetValue(task) as IActionResult;
        if (result is null or IStatusCodeActionResult)
            return (result as IStatusCodeActionResult)?.StatusCode ?? 200;
        if (result is not (ContentResult or FileResult))
            await result.ExecuteResultAsync(new ActionContext { HttpContext = request.HttpContext }); // Written as it is read.
        return 200;
    }

    /// <summary>A world that lived for an hour, and then somebody put rows into its tables.</summary>
    private static async Task<World> SpoiltAsync()
    {
        var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?>
                {
                    ["Drills:Targets"] = $"disable_user_account_temporarily=account:{World.Megan}",
                },
            }
        );
        await world.SendAsync(Given.StolenAccount());
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve");
        var agent = new Agent(world);
        await agent.DoAsync(agent.StolenKey());
        await agent.OrderAsync("Open");
        await world.Machine.Services.GetRequiredService<AgentSnapshots>().KeepAsync(agent.Id, new byte[] { 1, 2, 3 }, [], default);
        await world
            .Machine.Services.GetRequiredService<DrillCertificates>()
            .IssueAsync(new DrillCertificate("a", "t", world.Time.GetUtcNow(), true, 1, 1, "ok"), default);
        await world.PassAsync(TimeSpan.FromHours(1));
        foreach (var table in TableNames().Except(NotLists))
            await SpoilAsync(world.Machine.Services.GetRequiredService<TableServiceClient>().GetTableClient(table));
        return world;
    }

    private static IEnumerable<string> TableNames() =>
        Functions
            .GetTypes()
            .Select(t => t.GetField("TableName", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(f => f is { IsLiteral: true })
            .Select(f => (string)f!.GetRawConstantValue()!)
            .Distinct();

    private static async Task SpoilAsync(TableClient table)
    {
        var rows = new List<TableEntity>();
        await foreach (var row in table.QueryAsync<TableEntity>())
            rows.Add(row);
        foreach (var partition in rows.GroupBy(r => r.PartitionKey))
        {
            var model = partition.Last();
            // Of each kind of row: beside the last one, in front of all and behind all, with every value of another type, and with broken
            // JSON.
            foreach (
                var (key, n) in (ReadOnlySpan<(string, int)>)
                    [(model.RowKey + "x", 0), ("0", 1), ("n000000000", 1), ("~", 2), ("k", 0), ("f", 0), ("t0", 2)]
            )
                rows.Add(Bad(partition.Key, key, model, n));
        }
        foreach (var bad in rows.Where(r => r.ETag == default))
            await table.UpsertEntityAsync(bad, TableUpdateMode.Replace);
        await table.UpsertEntityAsync(new TableEntity("~", "~") { ["Nothing"] = 1 });
    }

    private static TableEntity Bad(string partition, string row, TableEntity model, int kind)
    {
        var bad = new TableEntity(partition, row);
        foreach (var (name, value) in model.Where(p => p.Key is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag")))
            bad[name] = kind switch
            {
                0 => value is string ? 7 : "seven",
                1 => value is string ? "{" : value,
                _ => value is string ? "" : true,
            };
        return bad;
    }
}
