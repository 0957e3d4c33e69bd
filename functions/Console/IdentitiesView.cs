using IRFunctions.Agents;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client.Entities;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/identities`: breakers of agents and workloads; what is protected or excepted, and who answers for it.</summary>
internal sealed class IdentitiesView(PolicyStore policies) : ConsoleView
{
    private const int Most = 200;
    private static readonly string Prefix = $"@{nameof(CircuitBreaker).ToLowerInvariant()}@";

    public override string Name => "identities";
    public override string Label => "Identities";

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        if (!request.Caller.May(Http.TokenSignIn.MaySeeIdentities))
            return new Shown(
                "Identities",
                [new Part("breakers", Html.Of($"<h1>Identities</h1><p class=\"empty\">Your sign-in lacks the role identities.</p>"))]
            );
        var policy = policies.Current;
        var ending = policy.EndingSoon(request.Now, TimeSpan.FromDays(30)).ToList();
        var breakers = await BreakersAsync(request, cancellation);
        return new Shown(
            "Identities",
            [
                new Part("breakers", Html.Of($"<h1>Identities</h1><h2>Agents and workloads</h2>{breakers}")),
                new Part("soon", Soon(ending)),
                new Part("protected", Table("Protected", policy.Protected.Select(p => Entry(p, request.Now)))),
                new Part("exceptions", Table("Exceptions", policy.Exceptions.Select(e => Entry(e, request.Now)))),
                new Part("jobs", Table("Approved jobs", policy.Jobs.Select(Entry))),
            ]
        );
    }

    private static async Task<Html> BreakersAsync(ViewRequest request, CancellationToken cancellation)
    {
        var rows = new List<Html>();
        var more = false;
        var query = new EntityQuery { InstanceIdStartsWith = Prefix, IncludeState = true };
        await foreach (var entity in request.Client.Entities.GetAllEntitiesAsync(query).WithCancellation(cancellation))
        {
            if (!entity.IncludesState)
                continue;
            if (rows.Count == Most)
            {
                more = true;
                break;
            }
            rows.Add(Breaker(entity.Id.Key, entity.State.ReadAs<BreakerState>()));
        }
        var rest = more ? Html.Of($"<p class=\"note\">The first {Most}. Ask the API for one: /api/identities/ID.</p>") : Html.Empty;
        return rows.Count == 0
            ? Html.Of($"<p class=\"empty\">No agent or workload has reported anything so far.</p>")
            : Html.Of($"<ul class=\"card list\">{rows}</ul>{rest}");
    }

    private static Html Breaker(string identity, BreakerState state)
    {
        var (word, look) = state.Status switch
        {
            BreakerStatus.Open => ("open: nothing passes", "sev-high"),
            BreakerStatus.HalfOpen => ("half open: only safe requests pass", "sev-medium"),
            _ => ("closed: everything passes", "sev-low"),
        };
        var score = state.Score.Value.ToString("0.#", System.Globalization.CultureInfo.InvariantCulture);
        var until = state.Until is { } at ? Html.Of($" · until {Time(at)}") : Html.Empty;
        return Html.Of(
            $"""
            <li id="{Key("breaker", identity)}"><p class="row">
            <span class="chip {look}">{word}</span><strong>{Said(identity, 120)}</strong></p>
            <p class="soft">{state.IdentityType} · score {score}{until}</p></li>
            """
        );
    }

    private static Html Soon(List<Expiry> ending) =>
        ending.Count == 0 ? Html.Empty : Table("Ends within 30 days, or has ended", ending.Select(Entry));

    private static Html Entry(ApprovedJob job) =>
        Html.Of($"<li><strong>{job.Name}</strong> <span class=\"soft\">{job.Owner} · {job.Ticket} · until {Day(job.Until)}</span></li>");

    private static Html Entry(Expiry end) =>
        Html.Of(
            $"<li><strong>{end.What}: {end.Name}</strong> <span class=\"soft\">{end.Owner} · ends {Day(end.Ends)} {end.Ticket}</span></li>"
        );

    private static Html Entry(ProtectedEntry entry, DateTimeOffset now)
    {
        var level = entry.BreakGlass
            ? "break-glass: never touched"
            : entry.Level switch
            {
                ProtectionLevel.Never => "never touched",
                ProtectionLevel.Soft => "soft containment only, and a person approves",
                _ => "a person approves",
            };
        var over = entry.CountsAt(now) ? "" : " · NO LONGER COUNTS";
        return Html.Of(
            $"""
            <li><strong>{entry.Name}</strong> <span class="soft">{entry.Kind} · {level}{over}</span>
            <p class="soft">Owner {entry.Owner} · {entry.Ticket} · until {Day(entry.Expires)} · {entry.Why}</p></li>
            """
        );
    }

    private static Html Entry(PolicyExemption entry, DateTimeOffset now)
    {
        var effect = entry.Effect == ExceptionEffect.Hold ? "actions on it are held" : "its protection is set aside";
        var counts = entry.CountsAt(now) ? "counts now" : "does not count now";
        return Html.Of(
            $"""
            <li><strong>{entry.Name}</strong> <span class="soft">{entry.Kind} {entry.Id} · {effect} · {counts}</span>
            <p class="soft">Owner {entry.Owner} · {entry.Ticket} · {Day(entry.From)} to {Day(entry.Until)} · {entry.Why}</p></li>
            """
        );
    }

    private static Html Table(string heading, IEnumerable<Html> rows)
    {
        var all = rows.ToList();
        return all.Count == 0
            ? Html.Of($"<h2>{heading}</h2><p class=\"empty\">None.</p>")
            : Html.Of($"<h2>{heading}</h2><ul class=\"card list\">{all}</ul>");
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
