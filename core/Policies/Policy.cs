using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Policies;

/// <summary>
/// The whole written policy, immutable. Only <see cref="PolicyLoader"/> makes one, so that holding a Policy means it passed every check.
/// </summary>
public sealed class Policy
{
    private readonly ProtectedThings<ProtectedEntry> @protected;
    private readonly ProtectedThings<PolicyExemption> exceptions;

    internal Policy(IReadOnlyList<PolicyFile> files, PolicyParts parts)
    {
        Files = files;
        Hash = HashOf(files);
        Actions = parts.Actions.ToFrozenDictionary(action => action.Name, StringComparer.Ordinal);
        Ladders = parts.Ladders.ToFrozenDictionary(ladder => ladder.Name, StringComparer.Ordinal);
        Ladder = Ladders[Ladder.DefaultName];
        Reminder = parts.Reminder;
        Groups = parts.Groups;
        Budgets = parts.Budgets;
        Breaker = parts.Breaker;
        Playbooks = parts.Playbooks.ToFrozenDictionary(pair => pair.Key, pair => pair.Value);
        Shared = parts.Shared;
        SeveralRoles = parts.SeveralRoles;
        SharedAccounts = parts.SharedAccounts;
        Workloads = parts.Workloads;
        Threshold = parts.Threshold;
        Checks = parts.Checks.ToFrozenDictionary(check => check.Name, StringComparer.Ordinal);
        CascadesWithin = parts.CascadesWithin;
        Drills = parts.Drills;
        Jobs = parts.Jobs;
        Protected = parts.Protected;
        Exceptions = parts.Exceptions;
        Windows = parts.Windows;
        // Substitutes count as approvers on every day: the pipeline must not contain tomorrow's approver either (S9).
        Approvers = Ladders
            .Values.SelectMany(ladder => ladder.Rungs)
            .SelectMany(rung => rung.Approvers)
            .SelectMany(approver =>
                (string?[])[approver.ObjectId, approver.Owner, approver.Away?.Substitute.ObjectId, approver.Away?.Substitute.Owner]
            )
            .OfType<string>()
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        @protected = new ProtectedThings<ProtectedEntry>(Protected, entry => entry.Kind, entry => entry.Id);
        exceptions = new ProtectedThings<PolicyExemption>(Exceptions, exception => exception.Kind, exception => exception.Id);
    }

    /// <summary>
    /// SHA-256 over the normalised set of files, lower-case hex: the same however the files were ordered or their lines end.
    /// </summary>
    public string Hash { get; }

    /// <summary>The files it came from, by name, to archive beside the hash.</summary>
    public IReadOnlyList<PolicyFile> Files { get; }

    /// <summary>The tier map. A name it lacks is tier 3 (S1).</summary>
    public FrozenDictionary<string, ActionRule> Actions { get; }

    /// <summary>The ladder of every action that names none.</summary>
    public Ladder Ladder { get; }

    public FrozenDictionary<string, Ladder> Ladders { get; }

    public ReminderRule Reminder { get; }

    /// <summary>Approver groups by name, with the sources that say who is on call.</summary>
    public IReadOnlyDictionary<string, ApproverGroup> Groups { get; }

    public Budgets Budgets { get; }

    /// <summary>The circuit breaker of agents and workloads.</summary>
    public BreakerPolicy Breaker { get; }

    /// <summary>One playbook for each identity type.</summary>
    public FrozenDictionary<IdentityType, Playbook> Playbooks { get; }

    /// <summary>Applies as well where several people use one identity.</summary>
    public Playbook Shared { get; }

    /// <summary>Applies as well where one identity has several roles.</summary>
    public Playbook SeveralRoles { get; }

    /// <summary>Accounts that several people or services use, as owners say.</summary>
    public IReadOnlyList<SharedAccount> SharedAccounts { get; }

    /// <summary>Workloads that owners registered.</summary>
    public IReadOnlyList<RegisteredWorkload> Workloads { get; }

    public RiskThreshold Threshold { get; }

    public FrozenDictionary<string, ContextCheck> Checks { get; }

    /// <summary>When rollback drills take place by themselves.</summary>
    public DrillCalendar Drills { get; }

    /// <summary>How long after a containment of ours an alert about it, or about what depends on it, may be its own echo.</summary>
    public TimeSpan CascadesWithin { get; }

    /// <summary>Jobs whose accounts ask a person while their window is open, counting or not.</summary>
    public IReadOnlyList<ApprovedJob> Jobs { get; }

    public IReadOnlyList<ProtectedEntry> Protected { get; }

    public IReadOnlyList<PolicyExemption> Exceptions { get; }

    public IReadOnlyList<RegistrationWindow> Windows { get; }

    /// <summary>Object ids of everyone on any rung of any ladder.</summary>
    public FrozenSet<string> Approvers { get; }

    /// <summary>The ladder an action's requests climb; unknown actions get the default one.</summary>
    public Ladder LadderFor(string action) => Actions.TryGetValue(action, out var rule) ? Ladders[rule.Ladder] : Ladder;

    /// <summary>Time between the reminder to confirm and the undo of an effect that lasts <paramref name="duration"/>.</summary>
    public TimeSpan ReminderLead(TimeSpan duration) => Reminder.LeadFor(duration);

    /// <summary>The playbooks that apply to one identity, all of them: the stricter counts.</summary>
    internal IEnumerable<Playbook> PlaybooksFor(IdentityType type, bool isShared, bool hasSeveralRoles)
    {
        yield return Playbooks[type];
        if (isShared)
            yield return Shared;
        if (hasSeveralRoles)
            yield return SeveralRoles;
    }

    /// <summary>Whether an owner registered the thing of this id as critical, and the registration counts.</summary>
    public bool IsRegistered(string id, DateTimeOffset now)
    {
        List<ProtectedEntry>? found = null;
        FindProtected(id, ref found);
        return found?.Exists(entry => entry.CountsAt(now)) == true;
    }

    /// <summary>Whether an owner registered this workload as business-critical, and the registration counts.</summary>
    public bool IsRegisteredWorkload(string identity, DateTimeOffset now)
    {
        List<ProtectedEntry>? found = null;
        FindProtected(identity, ref found);
        return found?.Exists(entry => entry.Kind == "workload" && entry.CountsAt(now)) == true;
    }

    /// <summary>Whether an owner registered one of these names as break-glass; that does not end with its day (S9).</summary>
    public bool IsBreakGlass(IEnumerable<string> names)
    {
        List<ProtectedEntry>? found = null;
        foreach (var name in names)
            FindProtected(name, ref found);
        return found?.Exists(entry => entry.BreakGlass) == true;
    }

    /// <summary>The workload that its owner registered under one of these names, where the registration counts.</summary>
    public RegisteredWorkload? WorkloadOf(IReadOnlyCollection<string> names, DateTimeOffset now) =>
        Workloads.FirstOrDefault(one => one.CountsAt(now) && names.Contains(one.Id, StringComparer.OrdinalIgnoreCase));

    /// <summary>The shared account of one of these names, where the registration counts.</summary>
    public SharedAccount? SharedAccountOf(IReadOnlyCollection<string> names, DateTimeOffset now) =>
        SharedAccounts.FirstOrDefault(one =>
            DateOnly.FromDateTime(now.UtcDateTime) < one.Until && names.Contains(one.Id, StringComparer.OrdinalIgnoreCase)
        );

    /// <summary>Registrations under any of these ids (object id, name, mail address), counting or not.</summary>
    internal void FindProtected(string? id, ref List<ProtectedEntry>? found) => @protected.FindId(id, ref found);

    /// <summary>Hosts registered by a full name that begins with this short one.</summary>
    internal void FindProtectedHost(string label, ref List<ProtectedEntry>? found) => @protected.FindHostLabel(label, ref found);

    internal void FindProtectedAddress(string address, ref List<ProtectedEntry>? found) => @protected.FindAddress(address, ref found);

    internal void FindExceptions(string? id, ref List<PolicyExemption>? found) => exceptions.FindId(id, ref found);

    internal void FindExceptionsForAddress(string address, ref List<PolicyExemption>? found) => exceptions.FindAddress(address, ref found);

    /// <summary>
    /// What ends within <paramref name="ahead"/> from now, or has ended already, so that owners are told before; soonest first.
    /// </summary>
    public IReadOnlyList<Expiry> EndingSoon(DateTimeOffset now, TimeSpan ahead)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var horizon = DateOnly.FromDateTime(now.UtcDateTime + ahead);
        return
        [
            .. Protected
                .Where(entry => entry.Expires <= horizon)
                .Select(entry => new Expiry("protected", $"{entry.Kind} {entry.Name}", entry.Owner, entry.Expires, entry.Ticket))
                .Concat(
                    Exceptions
                        .Where(item => item.Until <= horizon)
                        .Select(item => new Expiry("exception", item.Name, item.Owner, item.Until, item.Ticket))
                )
                .Concat(
                    Jobs.Where(job => job.Until <= horizon)
                        .Select(job => new Expiry("approved job", job.Name, job.Owner, job.Until, job.Ticket))
                )
                .Concat(
                    SharedAccounts
                        .Where(one => one.Until <= horizon)
                        .Select(one => new Expiry("shared account", one.Id, one.Owner, one.Until, one.Ticket))
                )
                .Concat(
                    Workloads
                        .Where(one => one.Until <= horizon)
                        .Select(one => new Expiry("workload", one.Id, one.Owner, one.Until, one.Ticket))
                )
                .Concat(
                    Windows
                        .Where(window => window.Opens <= horizon && window.Closes >= today && window.Closes <= horizon)
                        .Select(window => new Expiry("registration window", window.Name, window.Contact, window.Closes, ""))
                )
                .OrderBy(expiry => expiry.Ends)
                .ThenBy(expiry => expiry.What, StringComparer.Ordinal)
                .ThenBy(expiry => expiry.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Line ends and a byte-order mark are the editor's business, not the policy's; each name and length is hashed, so that files cannot
    /// run into each other.
    /// </summary>
    [SuppressMessage("Globalization", "CA1308", Justification = "Lower-case hex is the project's form of a hash.")]
    private static string HashOf(IReadOnlyList<PolicyFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            var text = Encoding.UTF8.GetBytes(Normalised(file.Text));
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Name}\n{text.Length}\n"));
            hash.AppendData(text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal static string Normalised(string text) => text.TrimStart('\uFEFF').ReplaceLineEndings("\n");
}

/// <summary>Everything the loader read, before it becomes a policy.</summary>
internal sealed record PolicyParts
{
    public IReadOnlyList<ActionRule> Actions { get; init; } = [];
    public IReadOnlyList<Ladder> Ladders { get; init; } = [];
    public required ReminderRule Reminder { get; init; }
    public IReadOnlyDictionary<string, ApproverGroup> Groups { get; init; } = new Dictionary<string, ApproverGroup>();
    public required Budgets Budgets { get; init; }
    public required BreakerPolicy Breaker { get; init; }
    public required IReadOnlyDictionary<IdentityType, Playbook> Playbooks { get; init; }
    public required Playbook Shared { get; init; }
    public required Playbook SeveralRoles { get; init; }
    public IReadOnlyList<SharedAccount> SharedAccounts { get; init; } = [];
    public IReadOnlyList<RegisteredWorkload> Workloads { get; init; } = [];
    public required RiskThreshold Threshold { get; init; }
    public IReadOnlyList<ContextCheck> Checks { get; init; } = [];
    public DrillCalendar Drills { get; init; } = DrillCalendar.Default;
    public TimeSpan CascadesWithin { get; init; } = ContextReader.CascadesByDefault;
    public IReadOnlyList<ApprovedJob> Jobs { get; init; } = [];
    public IReadOnlyList<ProtectedEntry> Protected { get; init; } = [];
    public IReadOnlyList<PolicyExemption> Exceptions { get; init; } = [];
    public IReadOnlyList<RegistrationWindow> Windows { get; init; } = [];
}
