using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;
using IRFunctions.People;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Sdk;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// One action done and undone once on the sample target of its kind, without the pipeline around it. What it changes in the tenant is seen
/// from outside, by comparing all that the tenant holds; what the action says about itself is held against that. An action that breaks its
/// contract (<see cref="IContainmentAction"/>) fails here with a sentence, and needs no row in any table.
/// </summary>
internal sealed class Rehearsal
{
    private readonly IContainmentAction action;
    private readonly SimulatedTenant tenant;
    private readonly ContainmentOrder order;

    private Rehearsal(IServiceProvider services, string name, Sample? sample, string incident)
    {
        action = services.GetRequiredService<ActionCatalog>().Find(name);
        tenant = services.GetRequiredService<SimulatedTenant>();
        var target = sample is null ? new Target("alert", "alert-1", "An alert") : new Target(sample.Kind, sample.Id, sample.Id);
        order = OrderOf(action, target, sample, incident);
        Start = Before = After = Twice = Ended = TenantPicture.Of(tenant);
    }

    public TenantPicture Start { get; private set; }
    public TenantPicture Before { get; private set; }
    public TenantPicture After { get; private set; }

    /// <summary>After the undo; as <see cref="After"/> where there is none.</summary>
    public TenantPicture Ended { get; private set; }

    /// <summary>What it changed and, where it can be undone, what the undo put back.</summary>
    public IReadOnlyList<Leaf> Changed { get; private set; } = [];

    public IReadOnlyList<LoggedRequest> Looking { get; private set; } = [];
    public IReadOnlyList<LoggedRequest> Executing { get; private set; } = [];
    public IReadOnlyList<LoggedRequest> Undoing { get; private set; } = [];

    /// <summary>Whether, once done, it says of the same target that it is so already.</summary>
    public bool SeesThatItIsSo { get; private set; }

    /// <summary>After a second Execute.</summary>
    public TenantPicture Twice { get; private set; }

    /// <summary>Whether Undo, where everything is as it was already, takes that for its own work of before a crash.</summary>
    public bool TakesItForItsOwn { get; private set; }

    /// <summary>What a second Execute added to the tenant's journal.</summary>
    public IReadOnlyList<string> NotedAgain { get; private set; } = [];

    /// <summary>Texts in the tenant that say that a change is ours.</summary>
    public IReadOnlyList<string> Marks =>
        ["\"IRFunctions\"", $"\"{IRFunctions.Containment.Actions.Connector.HolderOf(order.Decision)}\"", order.Id, order.Incident];

    public string Permission => action.Permission;

    /// <param name="configure">Settings and further actions.</param>
    /// <param name="number">Of two rehearsals, at other times and for other incidents, only what is the same in both counts.</param>
    public static async Task<Rehearsal> RunAsync(string name, Sample? sample, Func<MachineOptions, MachineOptions> configure, int number)
    {
        var log = new List<LoggedRequest>();
        var time = new VirtualTimeProvider(new DateTimeOffset(2026, 11, 20 + number, 3, 0, 0, TimeSpan.Zero));
        var options = configure(new MachineOptions { Time = time, PolicyFolder = Path.Combine(AppContext.BaseDirectory, "policies") });
        var services = new ServiceCollection();
        LocalMachine.Register(services, options);
        services.ConfigureHttpClientDefaults(c =>
            c.AddHttpMessageHandler(s => new RequestLog(s.GetRequiredService<SimulatedTenant>(), log))
        );
        await using var provider = services.BuildServiceProvider();
        var pager = provider.GetRequiredService<IRFunctions.People.Pager>();
        for (var page = 0; page < number; page++) // Numbers that the tenant gives out are others each time.
            await pager.PageAsync($"noise-{page}", "noise", PageSeverity.Warning, default);
        log.Clear();
        var rehearsal = new Rehearsal(provider, name, sample, $"rehearsal-{number}");
        try
        {
            await rehearsal.DoAsync(log);
            await rehearsal.UndoAsync(log);
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            throw new XunitException(Explained(name, log, e.Message));
        }
        return rehearsal;
    }

    private async Task DoAsync(List<LoggedRequest> log)
    {
        await action.EstimateAsync(order, default);
        var prior = await action.CaptureAsync(order, default);
        Require(Start.ChangesTo(TenantPicture.Of(tenant)).Count == 0, "Estimate or Capture changed something; they only read");
        Require(
            !prior.AlreadySo,
            $"Capture says that it is so already ({prior.Summary}) on {order.Decision.Target.Key}, where nothing was done"
        );
        Require(prior.Refusal is null, $"Capture refuses the sample target {order.Decision.Target.Key}: {prior.Refusal}");
        await action.ProbeAsync(order, prior, default);
        Before = TenantPicture.Of(tenant);
        Require(
            await action.VerifyAsync(order.Decision.Target, prior, default) != true,
            "Verify says that the effect is there before anything was done"
        );
        Looking = [.. log];

        await action.ExecuteAsync(order, prior, default);
        Executing = [.. log.Skip(Looking.Count)];
        After = Ended = TenantPicture.Of(tenant);
        Require(
            Executing.Any(r => r.Effects.Count > 0),
            "Execute changed nothing in the simulated tenant. Where the tenant has no such thing to change, add it in local/Tenant"
        );
        Changed = Before.ChangesTo(After);
        Require(
            await action.VerifyAsync(order.Decision.Target, prior, default) != false,
            "Verify says that the effect is not there after Execute"
        );
        var once = log.Count;
        await action.ExecuteAsync(order, prior, default);
        NotedAgain = [.. log.Skip(once).SelectMany(r => r.Effects)];
        Twice = TenantPicture.Of(tenant);
        SeesThatItIsSo = (await action.CaptureAsync(order, default)).AlreadySo;
        this.prior = prior;
    }

    private PriorState? prior;

    private async Task UndoAsync(List<LoggedRequest> log)
    {
        var begun = log.Count;
        var report = await action.UndoAsync(UndoOrder(), default);
        Undoing = [.. log.Skip(begun)];
        Ended = TenantPicture.Of(tenant);
        if (!action.Capability.Reversible)
        {
            Require(!report.Restored, "Undo says that it restored something, and Capability says that it is not reversible");
            Require(Undoing.All(r => r.Effects.Count == 0), "Undo changed something, and Capability says that it is not reversible");
            return;
        }
        Require(report.Restored, $"Undo did not restore what Execute had just done: {report.Text}");
        Require(SeesThatItIsSo, "Capture does not see that it is so already after Execute; an undo would take away what others did");
        Require(
            await action.VerifyAsync(order.Decision.Target, prior!, default) != true,
            "Verify says that the effect is still there after Undo"
        );
        // What was not there at all may stay with a value that means nothing, such as a receiver's "normal".
        Changed = [.. Changed.Where(l => Ended.Of(l) == Before.Of(l) || (Before.Of(l) is null && Ended.Of(l) != After.Of(l)))];
        Require(Changed.Count > 0, "nothing that Execute changed is as it was before after Undo");
        var undone = log.Sum(r => r.Effects.Count);
        var again = await action.UndoAsync(UndoOrder(), default);
        // One that knows its own may answer a repeated command as it did the first, and yet tell what somebody else did.
        TakesItForItsOwn = again.Restored && !action.KnowsItsOwn;
        Require(log.Sum(r => r.Effects.Count) == undone, $"a second Undo changed something ({again.Text}); it reads before it writes");
    }

    private RollbackOrder UndoOrder() =>
        new()
        {
            Containment = $"{order.Decision.Action}:{order.Decision.Target.Key}",
            Generation = 1,
            Action = order.Decision.Action,
            Target = order.Decision.Target,
            Prior = prior!,
            Cause = RollbackCause.Expired,
            By = "policy",
            Incidents = [order.Incident],
        };

    private static ContainmentOrder OrderOf(IContainmentAction action, Target target, Sample? sample, string incident) =>
        new()
        {
            Id = Fingerprint.Of(incident, action.Capability.Name, target.Key),
            Incident = incident,
            Decision = new Decision
            {
                Kind = DecisionKind.Run,
                Action = action.Capability.Name,
                Target = target,
                Tier = 1,
                Confidence = 100,
                Reasons = [],
                MaxDuration = action.Capability.Reversible ? TimeSpan.FromHours(2) : null,
                Reversible = action.Capability.Reversible,
                PolicyHash = "",
            },
            Title = "A rehearsal",
            Mail = sample?.Mail ?? [],
        };

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new XunitException($"{action.Capability.Name}: {otherwise}.");
    }

    /// <summary>What the author of an action can do about a request that the simulated tenant does not know.</summary>
    private static string Explained(string name, List<LoggedRequest> log, string message) =>
        log.LastOrDefault(r => r.IsMissing) is { } missing
            ? $"{name}: the simulated tenant has no {missing.Method} {missing.Path} ({missing.Refusal}). It is the one further file that "
                + "an action may need: add the endpoint in local/Tenant, beside GraphUsers.cs, and its route in SimulatedTenant.Graph (for "
                + "another service: SimulatedTenant.Route and TenantEndpoint.Map); a property of an entity goes into EntityType.cs."
            : $"{name}: {message}. The last request was {log.LastOrDefault()}.";
}
