using System.Globalization;
using System.Text;
using IRFunctions.Audit.Interactions;

namespace IRFunctions.Audit;

/// <summary>What agents did to each other, in the drawing and under it. Each line says which share of its events was kept.</summary>
public static partial class AttackPicture
{
    private const string AgentLegend = "<span style=\"background:var(--soft)\"></span>calls between agents<span style=\"border-top:2px solid var(--attack);height:0\"></span>against a rule";
    private const int LetterWidth = 7;
    private const int MostLetters = 70;

    /// <summary>Containments are drawn as bars.</summary>
    private static IEnumerable<AgentEdge> Drawn(AttackStep step) => step.Edges.Where(e => e.Kind != AgentEdge.Containment);

    /// <summary>A line from the first to the last event with its words beside it.</summary>
    private static void AppendEdge(StringBuilder svg, AgentEdge edge, int y, Scale scale)
    {
        var (from, to, middle) = (scale.X(edge.First), scale.X(edge.Last), y + BarHeight / 2 - 2);
        var (words, length) = ($"{edge.What} ({edge.Sampling})", Math.Max(10, to - from));
        var right = from + length + 10 + LetterWidth * Math.Min(words.Length, MostLetters) < Gutter + LabelWidth + TimeWidth + Margin;
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"{(edge.Violations > 0 ? "foul" : "talk")}\" x1=\"{from}\" x2=\"{from + length}\" y1=\"{middle}\" y2=\"{middle}\"><title>{Encoded(words)}</title></line>");
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"head\" d=\"M {from + length + 6} {middle} l -8 -4 l 0 8 z\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"bar\" x=\"{(right ? from + length + 10 : from - 6)}\" y=\"{y + 12}\" text-anchor=\"{(right ? "start" : "end")}\">{Encoded(Cut(words, MostLetters))}</text>\n");
    }

    /// <summary>The same for readers, containments included.</summary>
    private static void AppendAgents(StringBuilder page, AttackChain chain)
    {
        if (chain.Steps.All(s => s.Edges.Count == 0)) return;
        page.Append("<table><thead><tr><th>Step</th><th>Between</th><th>What</th><th>From and to (UTC)</th><th>Sampled at</th></tr></thead><tbody>\n");
        foreach (var (edge, number) in chain.Steps.SelectMany((s, i) => s.Edges.Select(e => (e, i + 1))))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{number}</td><td data-label=\"Between\">{Encoded($"{edge.From} → {edge.To}")}</td><td data-label=\"What\">{Encoded(edge.What)}</td>");
            page.Append(CultureInfo.InvariantCulture, $"<td data-label=\"When\">{Time(edge.First)} to {Time(edge.Last)}</td><td data-label=\"Sampled at\">{Encoded(edge.Sampling)}</td></tr>\n");
        }
        page.Append("</tbody></table>\n");
    }
}
