using IRFunctions.Decisions;
using IRFunctions.Directory.Signals;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Record;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Signals;

/// <summary>
/// Each signal of the threshold in whole incidents: it fires from what the simulated tenant holds and changes a decision; its source down,
/// nobody knows, and a person hears of it (S12).
/// </summary>
public sealed class SignalTests
{
    public static TheoryData<string> Cases => [.. SignalCase.All.Select(c => c.Name)];

    [Fact]
    public async Task Every_signal_of_every_source_has_a_case_here()
    {
        await using var world = await World.CreateAsync();
        var reader = world.Machine.Services.GetRequiredService<SignalReader>();
        var wanted = reader
            .Sources.Where(s => s is not AlertSignals)
            .SelectMany(s => s.Fills.Where(f => f != SignalNames.SharedUse).Select(f => $"{f} from {s.GetType().Name}"));
        Assert.Equal(wanted.Order(StringComparer.Ordinal), SignalCase.All.Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            reader.Sources.OfType<AlertSignals>().Single().Fills.Order(StringComparer.Ordinal),
            SignalCase.OfTheAlert.Select(c => c.Signal).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_fires_from_the_tenants_data_and_a_held_containment_is_asked_for(string name)
    {
        var signal = SignalCase.All.Single(c => c.Name == name);
        Assert.Equal(DecisionKind.Hold, (await DecideAsync(signal, happens: false)).Kind);
        var decision = await DecideAsync(signal, happens: true);
        Assert.Equal(DecisionKind.Ask, decision.Kind);
        Assert.Contains(decision.Reasons, r => r.Rule == "signal" && r.Text.StartsWith(signal.Signal + ": ", StringComparison.Ordinal));
        Assert.Contains(decision.Reasons, r => r.Rule == "risk" && r.Text.Contains($"{signal.Signal} +", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task With_its_source_down_it_is_not_known_and_a_person_hears_of_it_S12(string name)
    {
        var signal = SignalCase.All.Single(c => c.Name == name);
        var store = new BreakableStore();
        await using var world = await signal.OpenAsync(store);
        if (signal.Down is { } path)
            world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, path));
        store.Broken = signal.Down is null;
        await world.SendAsync(signal.Alert());
        await world.RunAsync();
        var decision = await ContainmentAsync(world, signal.Action);
        Assert.NotEqual(DecisionKind.Run, decision.Kind);
        Assert.Contains(
            decision.Reasons,
            r =>
                r.Rule == "signals-lookup"
                && r.Text.Contains(signal.Signal, StringComparison.Ordinal)
                && r.Text.StartsWith("Not known", StringComparison.Ordinal)
        );
        Assert.NotEmpty(world.Effects("ticket.create"));
        Assert.NotEmpty(world.Pages());
        Assert.Empty(world.Containing());
    }

    [Theory]
    [InlineData(SignalNames.TokenMinting)]
    [InlineData(SignalNames.PrivilegeChange)]
    [InlineData(SignalNames.UnexpectedSecretRead)]
    [InlineData(SignalNames.CrossSystemMovement)]
    [InlineData(SignalNames.ExposedKey)]
    public async Task What_the_alert_itself_says_counts(string name)
    {
        var (signal, technique, title) = SignalCase.OfTheAlert.Single(c => c.Signal == name);
        var application = SignalCase.All.First(c => c.OfApplication);
        await using var world = await application.OpenAsync();
        await world.SendAsync(application.Alert(technique, title));
        await world.RunAsync();
        var decision = await ContainmentAsync(world, application.Action);
        Assert.Equal(DecisionKind.Ask, decision.Kind);
        Assert.Contains(
            decision.Reasons,
            r =>
                r.Rule == "signal"
                && r.Text.StartsWith(signal, StringComparison.Ordinal)
                && r.Text.EndsWith("(the alert)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_source_that_never_answers_is_left_after_seconds_and_the_others_count()
    {
        var time = World.NewClock();
        var reader = new SignalReader([new Silent(), new AlertSignals()], time);
        var alert = IRFunctions
            .Alerts.AlertParser.Read(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(SignalCase.All[0].Alert("T1528")))
            .Alert!;
        var asking = reader.ReadAsync(
            new SignalQuestion(
                alert,
                [new SignalSubject("account:x", IdentityType.Person) { AccountId = "x" }],
                Policies.Shipped.Policy.Threshold,
                time.GetUtcNow(),
                null!
            ),
            default
        );
        while (!asking.IsCompleted)
        {
            if (time.NextDue is { } due)
                time.AdvanceTo(due);
            await Task.Yield();
        }
        var facts = (await asking)["account:x"];
        Assert.Equal(SignalNames.TokenMinting, Assert.Single(facts.Seen).Name);
        var unknown = Assert.Single(facts.Unknown); // what the other source saw is known
        Assert.Equal(SignalNames.ToolChaining, unknown.Name);
        Assert.Contains("did not answer within 10 seconds", unknown.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_ids_stand_in_a_query()
    {
        var query = new HabitQuery("T", "Timestamp", "K", "X", "Y", null);
        Assert.DoesNotContain("drop", query.For([World.Adele, "x\") | drop //"]), StringComparison.Ordinal);
        Assert.Contains($"where Key in (\"{World.Adele}\")", query.For([World.Adele]), StringComparison.Ordinal);
    }

    private static async Task<Decision> DecideAsync(SignalCase signal, bool happens)
    {
        await using var world = await signal.OpenAsync();
        if (happens)
            await signal.Happen(world);
        await world.SendAsync(signal.Alert());
        await world.RunAsync();
        return await ContainmentAsync(world, signal.Action);
    }

    /// <summary>The decision as it stands on the record, with every reason.</summary>
    private static async Task<Decision> ContainmentAsync(World world, string action)
    {
        var incident = Assert.Single(await world.IncidentsAsync(), i => i.AlertId == "alert-1");
        var entry = Assert.Single(
            await world.RecordAsync(incident.Incident),
            e => e.Kind == AuditKinds.Decided && e.Text.Contains(action, StringComparison.Ordinal)
        );
        return System.Text.Json.JsonSerializer.Deserialize<Decision>(entry.Data!, System.Text.Json.JsonSerializerOptions.Web)!;
    }

    private sealed class Silent : ISignalSource
    {
        public string Name => "a log that never answers";

        public string Cost => "nothing";

        public string Permission => "";

        public IReadOnlyList<string> Fills => [SignalNames.ToolChaining, SignalNames.TokenMinting];

        public bool Covers(SignalSubject subject) => true;

        public async Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return [];
        }
    }
}
