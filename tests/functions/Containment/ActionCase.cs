using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// One action as the whole-incident tests need it: an alert that leads to it, how to see its effect, and how someone else changes the same
/// thing. All of it follows from the action's capability, the tier map and a rehearsal (<see cref="Rehearsal"/>): a new action has its case
/// by being in the catalogue.
/// </summary>
internal sealed record ActionCase(string Action, string Entities, string TargetKey)
{
    private static readonly ConcurrentDictionary<string, Lazy<Rehearsed>> Learnt = new(StringComparer.Ordinal);

    /// <summary>Names the case where one action has two.</summary>
    public string Name { get; init; } = Action;

    public required Sample Sample { get; init; }

    public required bool Reversed { get; init; }

    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>An action of another assembly, for the template; null for one of the catalogue.</summary>
    public Type? Added { get; init; }

    /// <summary>How long it lasts; null where nothing undoes it.</summary>
    public TimeSpan? Lasts =>
        !Reversed ? null
        : RunnablePolicy.IsRunnable(Shipped.Policy, Action) ? Shipped.Policy.Actions[Action].MaxDuration
        : RunnablePolicy.Duration;

    public string? Breaker => Sample.Breaker;

    public string Containment => $"{Action}:{TargetKey}";

    /// <summary>What two rehearsals showed; they are run when a test first asks.</summary>
    public Rehearsed Rehearsed => Learnt.GetOrAdd(Name, _ => new(Rehearse)).Value;

    /// <summary>Effects in the tenant's journal: what does it, what undoes it.</summary>
    public string Done => Rehearsed.Done;
    public string Undone => Rehearsed.Undone;

    /// <summary>How often the tenant's journal has what does it, once it was done and undone.</summary>
    public int Times => Done == Undone ? 2 : 1;

    public IReadOnlyList<PolicyFile> Edit(IReadOnlyList<PolicyFile> policy) =>
        RunnablePolicy.Of(policy, Action, Sample.Kind, Reversed, Breaker is not null);

    public MachineOptions Configure(MachineOptions options) =>
        options with
        {
            Settings = new Dictionary<string, string?>([.. options.Settings, .. Settings]),
            EditPolicy = Edit,
            Replace = services =>
            {
                options.Replace?.Invoke(services);
                if (Added is null)
                    return;
                var configuration = services.Last(d => d.ServiceType == typeof(IConfiguration)).ImplementationInstance;
                services.AddDiscoveredActions((IConfiguration)configuration!, Added);
            },
        };

    public JsonNode Alert(string id = "alert-1")
    {
        var json = Given.Sample("securityalert-row-malicious-machine.json");
        json["SystemAlertId"] = id;
        json["Severity"] = "High";
        json["Techniques"] = """["T1078"]""";
        json[nameof(Entities)] = $"[{Entities}]";
        return json;
    }

    public override string ToString() => Name;

    /// <summary>In memory; nothing waits here.</summary>
    private Rehearsed Rehearse() =>
        Rehearsed.RunAsync(Action, number => Rehearsal.RunAsync(Action, Sample, Configure, number)).GetAwaiter().GetResult();

    public static ActionCase For(ActionCapability capability, Type? added = null)
    {
        var sample = Sample.Of(capability.TargetKind);
        return new(capability.Name, sample.Entities, sample.Key)
        {
            Sample = sample,
            Reversed = capability.Reversible,
            Added = added,
        };
    }

    /// <summary>Tickets and pages, which touch nobody, have tests of their own (NotificationTests).</summary>
    public static IReadOnlyList<ActionCase> All { get; } =
    [
        .. Shipped.Catalogue.Where(c => c.TargetKind != "alert").Select(c => For(c)),
        // One action that goes another way by configuration.
        For(Shipped.Catalogue.Single(c => c.Name == "block_ip_at_firewall")) with
        {
            Name = "block_ip_at_firewall by named location",
            Settings = new Dictionary<string, string?> { ["Firewall:NamedLocation"] = TenantSeed.BlockedLocation },
        },
    ];

    public static ActionCase Of(string name) => All.Single(c => c.Name == name);

    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    public static TheoryData<string> Reversible => [.. All.Where(c => c.Reversed).Select(c => c.Name)];

    /// <summary>What cannot be undone may be there anew each time, such as sessions: then it is never so already.</summary>
    public static TheoryData<string> WithPriorState => [.. All.Where(c => c.Reversed || c.SeesThatItIsSo()).Select(c => c.Name)];

    /// <summary>Asked while tests are listed: a rehearsal that fails is in the list, to fail as a test.</summary>
    private bool SeesThatItIsSo()
    {
        try
        {
            return Rehearsed.SeesThatItIsSo;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return true;
        }
    }

    public static TheoryData<string> WithoutInverse => [.. All.Where(c => !c.Reversed).Select(c => c.Name)];
}

/// <summary>The shipped policy with one action made to run, whatever its tier and mode say while it is new.</summary>
internal static class RunnablePolicy
{
    public static readonly TimeSpan Duration = TimeSpan.FromHours(2);

    public static bool IsRunnable(Policy policy, string action) =>
        policy.Actions.GetValueOrDefault(action) is { Tier: < 3, Mode: not ActionMode.Observe };

    public static IReadOnlyList<PolicyFile> Of(IReadOnlyList<PolicyFile> files, string action, string kind, bool reversed, bool quarantine)
    {
        if (!IsRunnable(Shipped.Policy, action))
            files = Changed(files, "actions.yaml", text => $"{Without(text, action).TrimEnd()}\n{EntryOf(action, reversed)}");
        // Identities are contained by what their playbook has; a new action is in none.
        if (
            kind is "account" or "application"
            && !Shipped.Files.Single(f => f.Name == "identities.yaml").Text.Contains(action, StringComparison.Ordinal)
        )
            files = Changed(files, "identities.yaml", text => text.Replace("soft: [r", $"soft: [{action}, r", StringComparison.Ordinal));
        // A quarantine takes all steps of its playbook; here it has this one.
        return quarantine
            ? Changed(files, "breaker.yaml", text => Replaced(text, "  ai_agent:", $"    - {{ action: {action}, tier: {Tier(action)} }}\n"))
            : files;
    }

    private static int Tier(string action) => IsRunnable(Shipped.Policy, action) ? Shipped.Policy.Actions[action].Tier : 2;

    private static string EntryOf(string action, bool reversed) =>
        $"""
              {action}:
                tier: 2
                mode: ask
                why: a test
                blast_radius: a test
                undo: a test
                reversible: {(reversed ? "automatic" : "none")}
            {(reversed ? $"    max_duration: {Duration.TotalHours} h" : "")}

            """;

    private static PolicyFile[] Changed(IReadOnlyList<PolicyFile> files, string name, Func<string, string> change) =>
        [.. files.Select(f => f.Name == name ? f with { Text = change(f.Text) } : f)];

    private static string Without(string text, string action) =>
        text.Contains($"\n  {action}:\n", StringComparison.Ordinal) ? Replaced(text, $"  {action}:", null) : text;

    /// <summary>What stands under a line, and is further in than it; null takes the line away, too.</summary>
    private static string Replaced(string text, string line, string? under)
    {
        var lines = text.Split('\n').ToList();
        var at = lines.FindIndex(l => l == line);
        Assert.True(at >= 0, $"there is no line '{line}'");
        var end = lines.FindIndex(at + 1, l => l.Length > 0 && !l.StartsWith("    ", StringComparison.Ordinal));
        lines.RemoveRange(at + 1, (end < 0 ? lines.Count : end) - at - 1);
        if (under is null)
            lines.RemoveAt(at);
        else
            lines.Insert(at + 1, under);
        return string.Join('\n', lines);
    }
}
