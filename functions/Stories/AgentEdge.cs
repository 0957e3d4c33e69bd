using System.Globalization;
using IRFunctions.Agents;

namespace IRFunctions.Stories;

/// <summary>A line of an attack chain between agents, or between an agent and what stopped it.</summary>
/// <param name="From">Identity of the caller, or <see cref="Ours"/>.</param>
/// <param name="To">Identity that was called or contained; for a violation that concerned no agent, the rule.</param>
/// <param name="Kind">"interaction", "violation" or "containment".</param>
/// <param name="Kept">Events that are kept.</param>
/// <param name="Estimated">How many there were: each kept one counts for one over its share.</param>
/// <param name="Violations">How many of them broke a rule. Exact.</param>
/// <param name="Share">Lowest share that any of them was sampled at; 1 where all were kept.</param>
/// <param name="What">One phrase for people; names in it were written by agents.</param>
public sealed record AgentEdge(
    string From,
    string To,
    string Kind,
    int Kept,
    double Estimated,
    int Violations,
    double Share,
    DateTimeOffset First,
    DateTimeOffset Last,
    string What
)
{
    public const string Interaction = "interaction";
    public const string Violation = "violation";
    public const string Containment = "containment";

    /// <summary>The end of a containment's line that is us.</summary>
    public const string Ours = "IRFunctions";

    /// <summary>Share and what it means, for people.</summary>
    public string Sampling =>
        Share >= 1
            ? "share 1: all kept"
            : string.Create(CultureInfo.InvariantCulture, $"share {Share:0.###}: {Kept} kept, the rest estimated");

    /// <summary>From the evidence about an identity.</summary>
    public static AgentEdge Of(string identity, EvidenceEdge edge)
    {
        var (from, to) = edge.Direction == InteractionDirection.Out ? (identity, edge.Other) : (edge.Other, identity);
        var broke = edge.Violations == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {edge.Violations} against a rule");
        var what = edge.IsRule
            ? string.Create(CultureInfo.InvariantCulture, $"{identity} broke a rule ({edge.Other}) {edge.Kept} times")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{from} called {to} {(edge.Share < 1 ? "about " : "")}{edge.Estimated:0} times{broke}"
            );
        return new AgentEdge(
            from,
            to,
            edge.IsRule ? Violation : Interaction,
            edge.Kept,
            edge.Estimated,
            edge.Violations,
            edge.Share,
            edge.First,
            edge.Last,
            what
        );
    }

    /// <summary>From the record, where everything is kept.</summary>
    internal static AgentEdge Of(string identity, OurAnswer answer) =>
        new(
            Ours,
            identity,
            Containment,
            1,
            1,
            0,
            1,
            answer.At,
            answer.Until ?? answer.At,
            $"{Story.Plain(answer.Action)} {answer.Display}: {answer.Outcome}"
        );
}
