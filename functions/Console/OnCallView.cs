using IRFunctions.People;
using IRFunctions.Policies;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/oncall`: who would be asked now, and when each rung comes; absences, substitutes and quiet hours.</summary>
internal sealed class OnCallView(OnCall onCall, PolicyStore policies) : ConsoleView
{
    public override string Name => "oncall";
    public override string Label => "On call";
    public override bool IsLive => false; // It asks the directory and the schedules.

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var policy = policies.Current;
        var parts = new List<Part>();
        foreach (var ladder in policy.Ladders.Values.OrderBy(l => l.Name == Ladder.DefaultName ? "" : l.Name, StringComparer.Ordinal))
        {
            var rungs = new List<Html>();
            foreach (var rung in ladder.Rungs)
                rungs.Add(await RungAsync(rung, cancellation));
            var uses = policy.Actions.Values.Where(a => a.Ladder == ladder.Name && a.ApprovalTimeout is not null).OrderBy(a => a.Order);
            var plans = uses.GroupBy(a => a.ApprovalTimeout!.Value).Select(g => Plan(ladder, g.Key, g, request.Now));
            parts.Add(
                new Part(
                    Key("ladder", ladder.Name),
                    Html.Of(
                        $"""
                        <h2>Ladder {ladder.Name}</h2><ol class="card list">{rungs}</ol>
                        <h3>Were a request opened now</h3><ul>{plans}</ul>
                        """
                    )
                )
            );
        }
        var groups = Html.Of($"<h2>Groups</h2>{policy.Groups.Values.Select(Group)}");
        return new Shown("On call", [new Part("now", Html.Of($"<h1>Who is on call</h1>")), .. parts, new Part("groups", groups)]);
    }

    private async Task<Html> RungAsync(Rung rung, CancellationToken cancellation)
    {
        var (asked, problems) = await onCall.WhoAsync(rung.Group, rung.Approvers, cancellation);
        var when = rung.After == TimeSpan.Zero ? "at once" : $"after {Length(rung.After)}";
        var trouble = problems.Select(p => Html.Of($"<p class=\"problem\">{Said(p)}</p>"));
        return Html.Of($"<li><strong>{rung.Name}</strong>, {when}: {string.Join(", ", asked.Select(a => a.Name))}{trouble}</li>");
    }

    private static Html Plan(Ladder ladder, TimeSpan timeout, IEnumerable<ActionRule> actions, DateTimeOffset now)
    {
        var plan = ladder.Plan(timeout);
        var steps = plan.Steps.Select(s => Html.Of($"{s.Rung.Name} at {Time(now + s.StartsAfter)}, "));
        var names = string.Join(", ", actions.Select(a => a.Name.Replace('_', ' ')));
        var (ticket, over) = (Time(now + timeout), Time(now + plan.ExpiresAfter));
        return Html.Of($"<li>{names}: {steps}a ticket at {ticket}, over at {over}; then nothing has run</li>");
    }

    private static Html Group(ApproverGroup group)
    {
        var from = group.EntraGroup is { } entra ? $" · and the members of the Entra group {entra}" : "";
        var schedule = group.Schedule is { } address ? $" · chosen by the schedule at {address.Host}" : "";
        var members = group.Members.Select(m => Html.Of($"<li><b>{m.Name}</b><span class=\"soft\">{Quiet(m)}{Away(m)}</span></li>"));
        var head = Html.Of($"<h3>{group.Name}</h3><p class=\"soft\">{group.Members.Count} named{from}{schedule}</p>");
        return Html.Of($"{head}<ul class=\"card list\">{members}</ul>");
    }

    private static string Quiet(Approver member) =>
        member.Quiet is { } quiet ? $" · quiet from {quiet.From:HH:mm} to {quiet.Until:HH:mm} UTC" : "";

    private static string Away(Approver member) =>
        member.Away is { } away ? $" · away from {away.From:yyyy-MM-dd} to {away.Until:yyyy-MM-dd}, {away.Substitute.Name} stands in" : "";
}
