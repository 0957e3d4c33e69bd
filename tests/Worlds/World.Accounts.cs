using System.Text.Json;
using Azure.Messaging.ServiceBus;
using IRFunctions.Approvals;
using IRFunctions.Incidents;
using IRFunctions.Record;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Worlds;

/// <summary>What became of the messages sent, counted from the state itself.</summary>
internal sealed record Tally(IReadOnlyDictionary<Outcome, int> Outcomes, int Duplicates, int DeadLettered, int Left)
{
    public int this[Outcome outcome] => Outcomes.GetValueOrDefault(outcome);

    /// <summary>Messages that have an outcome.</summary>
    public int Total => Outcomes.Where(o => o.Key != Outcome.InProgress).Sum(o => o.Value) + Duplicates + DeadLettered;
}

/// <summary>Accounting: every message has exactly one outcome (S10).</summary>
internal sealed partial class World
{
    public async Task<Tally> TallyAsync()
    {
        var alerts = await IncidentsAsync();
        var duplicates = (await RegistersAsync()).Sum(r => r.State.Arrivals.Values.Sum() - r.State.Arrivals.Count);
        var counts = Machine.Alerts.Counts;
        return new Tally(
            alerts.GroupBy(a => a.Outcome).ToDictionary(g => g.Key, g => g.Count()),
            duplicates,
            counts.DeadLettered,
            counts.Active
        );
    }

    /// <summary>Asserts that every message sent has exactly one outcome and nothing is left on the queue.</summary>
    public async Task<Tally> AssertAllAccountedAsync(int sent)
    {
        var tally = await TallyAsync();
        Assert.Equal(0, tally.Left);
        Assert.Equal(0, tally[Outcome.InProgress]);
        Assert.Equal(sent, tally.Total);
        return tally;
    }

    public async Task<IReadOnlyList<(string Id, RegisterState State)>> RegistersAsync()
    {
        var found = new List<(string, RegisterState)>();
        await foreach (
            var e in Client.Entities.GetAllEntitiesAsync<RegisterState>(new EntityQuery { InstanceIdStartsWith = "@incidentregister@" })
        )
            found.Add((e.Id.Key, e.State));
        return found;
    }

    public IReadOnlyList<ServiceBusReceivedMessage> DeadLetters() => Machine.Alerts.PeekDeadLetters();

    /// <summary>
    /// A message is delivered and worked on, but its completion never reaches the queue, as when the host dies in between.
    /// </summary>
    public async Task DeliverAndLoseCompletionAsync()
    {
        var message = await Machine.Alerts.ReceiveAsync(TimeSpan.Zero);
        var intake = ActivatorUtilities.CreateInstance<AlertIntake>(Machine.Services);
        await intake.RunAsync(message!, new LostActions(), Client, CancellationToken.None);
    }

    /// <summary>Waits for background work, within bounds; only where real threads race.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var i = 0; i < 1500 && await tick.WaitForNextTickAsync(); i++)
        {
            if (await condition())
                return;
        }
        Assert.Fail($"30 seconds passed, and still not: {what}");
    }

    /// <summary>What pages said, oldest first; a page that was repeated once.</summary>
    /// <summary>What people are told of a request besides, as the API shows it.</summary>
    public async Task<string?> NoteOfAsync(string request)
    {
        var answer = (ObjectResult)
            await ActivatorUtilities
                .CreateInstance<ApprovalsApi>(Machine.Services)
                .GetAsync(Request(Alex, new { }), request, CancellationToken.None);
        return (string?)JsonSerializer.SerializeToNode(answer.Value, JsonSerializerOptions.Web)!["note"];
    }

    public IReadOnlyList<string> Pages() => [.. Effects("page.trigger").Select(e => e.Detail)];

    /// <summary>Everything that changed in the tenant but for pages and tickets: what an attacker would want.</summary>
    public IReadOnlyList<string> Containing() =>
        [
            .. Machine
                .Tenant.Journal.Entries.Where(e =>
                    e.Changed
                    && !e.Effect.StartsWith("page.", StringComparison.Ordinal)
                    && !e.Effect.StartsWith("ticket.", StringComparison.Ordinal)
                )
                .Select(e => $"{e.Effect} {e.Target}"),
        ];

    /// <summary>Every record is whole, whatever happened.</summary>
    public async Task AssertRecordsWholeAsync()
    {
        foreach (var (incident, _) in await RegistersAsync())
            Assert.NotEmpty(await RecordAsync(incident));
        await RecordAsync(RecordChains.Pipeline);
    }

    /// <summary>
    /// Works off what waits for the clock inside an activity, as a slow server does: time goes on until nothing is left to do now.
    /// </summary>
    public async Task RunWhileTimeGoesOnAsync()
    {
        var run = RunAsync();
        while (!run.IsCompleted)
        {
            if (Time.NextDue is { } due)
                Time.AdvanceTo(due);
            await Task.Yield();
        }
        await run;
    }

    /// <summary>Runs an orchestration of the pipeline by its name, as an intruder with access to the engine would.</summary>
    public async Task<OrchestrationMetadata> ForgeAsync(string orchestration, object input, string id)
    {
        await Client.ScheduleNewOrchestrationInstanceAsync(orchestration, input, new Microsoft.DurableTask.StartOrchestrationOptions(id));
        await RunAsync();
        return (await Client.GetInstanceAsync(id, getInputsAndOutputs: true))!;
    }

    public async Task<T?> EntityAsync<T>(EntityInstanceId id)
        where T : class => await Client.Entities.GetEntityAsync<T>(id) is { IncludesState: true } entity ? entity.State : null;

    public static string Json(object value) => JsonSerializer.Serialize(value, JsonSerializerOptions.Web);

    private sealed class LostActions : ServiceBusMessageActions
    {
        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            Task.CompletedTask;
    }
}
