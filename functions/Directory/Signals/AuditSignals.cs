using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// Roles and rights granted, and credentials added, by or to an identity in the last 24 hours. Source: Graph's directory audits
/// (learn.microsoft.com/graph/api/directoryaudit-list); names of activities from
/// learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
/// </summary>
public sealed class AuditSignals(GraphServiceClient graph) : ISignalSource
{
    /// <summary>Least privilege for directory audits.</summary>
    public const string AuditPermission = "AuditLog.Read.All";

    private const int MaxEntries = 100;
    private static readonly TimeSpan Lookback = TimeSpan.FromHours(24);

    private static readonly HashSet<string> Grants = new(StringComparer.OrdinalIgnoreCase)
    {
        "Add member to role",
        "Add eligible member to role",
        "Add member to role completed (PIM activation)",
        "Add scoped member to role",
        "Add app role assignment to service principal",
        "Add app role assignment grant to user",
        "Add delegated permission grant",
        "Consent to application",
        "Add owner to application",
        "Add owner to service principal",
    };

    private static readonly HashSet<string> Credentials = new(StringComparer.OrdinalIgnoreCase)
    {
        "Add service principal credentials",
        "Update application - Certificates and secrets management",
        "Add federated identity credential to application",
    };

    public string Name => "directory audit log";

    public string Cost => "two or three requests to Graph for an identity";

    public string Permission => AuditPermission;

    public IReadOnlyList<string> Fills { get; } = [SignalNames.PrivilegeChange, SignalNames.TokenMinting];

    public bool Covers(SignalSubject subject) => subject.ActorId is not null || subject.ClientId is not null;

    public async Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var seen = await Task.WhenAll(question.Subjects.Select(s => OfAsync(s, question.Now, cancellation)));
        return [.. seen.SelectMany(s => s)];
    }

    private async Task<IEnumerable<SeenSignal>> OfAsync(SignalSubject subject, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = (now - Lookback).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var entries = await Task.WhenAll(
            FiltersOf(subject).Select(filter => ListAsync($"activityDateTime ge {since} and {filter}", cancellation))
        );
        var all = entries.SelectMany(e => e).DistinctBy(e => e.Id).Where(e => e.Result is null or OperationResult.Success).ToList();
        return new[]
        {
            Seen(subject, SignalNames.PrivilegeChange, all.Where(e => Grants.Contains(Plain(e.ActivityDisplayName)))),
            Seen(subject, SignalNames.TokenMinting, all.Where(e => Credentials.Contains(Plain(e.ActivityDisplayName)))),
        }.OfType<SeenSignal>();
    }

    /// <summary>Ids are GUIDs of the directory; whatever else is not asked about.</summary>
    private static IEnumerable<string> FiltersOf(SignalSubject subject)
    {
        if (subject.AccountId is { } account && HabitQuery.IsId(account))
            yield return $"initiatedBy/user/id eq '{account}'";
        if (subject.ClientId is { } client && HabitQuery.IsId(client))
            yield return $"initiatedBy/app/appId eq '{client}'";
        foreach (
            var id in subject.Names.Append(subject.ActorId ?? "").Where(HabitQuery.IsId).Except([subject.ClientId ?? ""]).Distinct().Take(2)
        )
            yield return $"targetResources/any(t:t/id eq '{id}')";
    }

    private async Task<IReadOnlyList<DirectoryAudit>> ListAsync(string filter, CancellationToken cancellation) =>
        (
            await Faults.CallGraphAsync(
                "reading the directory's audit log",
                AuditPermission,
                () =>
                    graph.AuditLogs.DirectoryAudits.GetAsync(
                        r =>
                        {
                            r.QueryParameters.Filter = filter;
                            r.QueryParameters.Top = MaxEntries;
                        },
                        cancellation
                    )
            )
        )?.Value
        ?? [];

    private static SeenSignal? Seen(SignalSubject subject, string signal, IEnumerable<DirectoryAudit> entries)
    {
        var found = entries.OrderByDescending(e => e.ActivityDateTime).ToList();
        if (found.Count == 0)
            return null;
        var last = found[0];
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Plain(last.ActivityDisplayName)} at {last.ActivityDateTime:yyyy-MM-dd HH:mm} UTC, {found.Count} in a day"
        );
        return new SeenSignal(subject.Key, new ObservedSignal(signal, Detail: $"{SafeText.Line(text, 160, out _)} (directory audit log)"));
    }

    // Entra writes one of these names with a dash and a space at its end.
    private static string Plain(string? name) => (name ?? "").Replace('–', '-').Trim();
}
