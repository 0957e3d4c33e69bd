using System.Text.Json.Nodes;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>
/// What an alert leaves to an earlier one of its incident: that one must still ask for it or hold it, or nobody does (S10).
/// </summary>
internal sealed partial class Checker
{
    /// <summary>A claim is given back soon after its end is on the record.</summary>
    private static readonly TimeSpan ClaimDoubt = TimeSpan.FromMinutes(10);

    /// <summary>After these, only when people have their ticket and their page, and both systems may be down for hours.</summary>
    private static readonly TimeSpan ClaimDoubtAfterTicket = TimeSpan.FromHours(3);

    private readonly Dictionary<(string Chain, string Action, string Target), List<(DateTimeOffset At, string Kind)>> claims = [];

    private static TimeSpan? DoubtAfter(string kind) =>
        kind switch
        {
            "denied" or "undone" or "not-undone" => ClaimDoubt,
            "expired" or "withdrawn" => ClaimDoubtAfterTicket,
            _ => null,
        };

    /// <summary>An entry says that an alert of the incident asks for it or holds it, or does so no more.</summary>
    private void Claim(SeenEntry entry, string action, string target)
    {
        if (
            DoubtAfter(entry.Kind) is null
            && entry.Kind is not ("asked" or "joined-request" or "registered" or "joined-hold" or "executing")
        )
            return;
        var key = (entry.Chain, action, target.ToLowerInvariant());
        if (!claims.TryGetValue(key, out var all))
            claims[key] = all = [];
        all.Add((entry.At, entry.Kind));
    }

    /// <summary>What was left to a sibling when nothing of it was asked for or held any more, and never was again.</summary>
    private void LeftToNobody(string alert, JsonNode view)
    {
        var opened = When(view["openedAt"]);
        foreach (var decision in view["decisions"]?.AsArray() ?? [])
        {
            if ((string?)decision!["ending"] != "Joined")
                continue;
            var (action, target) = ((string)decision["action"]!, (string)decision["target"]!);
            if (!claims.TryGetValue(((string)view["incident"]!, action, target.ToLowerInvariant()), out var all))
                continue;
            var (at, kind) = all.MaxBy(c => c.At);
            if (DoubtAfter(kind) is { } doubt && at + doubt < opened)
                Break(
                    "S10",
                    "left-to-nobody",
                    $"{alert} {action} {target}",
                    $"alert {alert} left {action} on {target} to an earlier one at {Time(opened)}; that had ended at {Time(at)} ({kind})"
                );
        }
    }
}
