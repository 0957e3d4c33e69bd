using System.Globalization;
using System.Net;
using System.Text;

namespace IRFunctions.Local.Evaluation;

/// <summary>
/// Plots as inline SVG. Colours come from the page's variables, so that they follow light and dark; every plot has a text for those who
/// cannot see it.
/// </summary>
internal static class Plots
{
    private const double Left = 44;
    private const double Top = 10;
    private const double Width = 300;
    private const double Height = 200;

    /// <summary>Confidence against the share of right answers; on the diagonal is as sure as right.</summary>
    public static string Calibration(IReadOnlyList<CalibrationBin> bins)
    {
        var svg = Begin(
            "Calibration: "
                + string.Join(
                    "; ",
                    bins.Select(b =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"confidence {100 * b.MeanConfidence:0}%, right {100 * b.Right.Value:0}% of {b.Right.Of}"
                        )
                    )
                )
        );
        Axes(svg, "confidence", "right", v => $"{v * 100:0}%", 1, v => $"{v * 100:0}%", 1);
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"guide\" x1=\"{X(0)}\" y1=\"{Y(0)}\" x2=\"{X(1)}\" y2=\"{Y(1)}\"/>");
        foreach (var bin in bins)
        {
            var (low, high) = bin.Right.Interval;
            var x = X(bin.MeanConfidence);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"whisker\" x1=\"{x}\" x2=\"{x}\" y1=\"{Y(low)}\" y2=\"{Y(high)}\"/>");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle class=\"mark\" cx=\"{x}\" cy=\"{Y(bin.Right.Value)}\" r=\"{4 + Math.Min(6, Math.Sqrt(bin.Right.Of)):0.0}\"/>"
            );
        }
        return End(svg);
    }

    /// <summary>Share of answers that came within so many seconds.</summary>
    public static string Latency(IReadOnlyList<double> sorted)
    {
        var most = sorted.Count == 0 || sorted[^1] <= 0 ? 1 : sorted[^1] * 1.05;
        var svg = Begin(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Latency: half within {Score.Percentile(sorted, 0.5):0.000} s, 95% within {Score.Percentile(sorted, 0.95):0.000} s, "
                    + $"all within {(sorted.Count == 0 ? 0 : sorted[^1]):0.000} s"
            )
        );
        Axes(
            svg,
            "seconds",
            "answered",
            v => v.ToString(most < 1 ? "0.00" : "0.0", CultureInfo.InvariantCulture),
            most,
            v => $"{v * 100:0}%",
            1
        );
        var path = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"M{X(0)} {Y(0)}"));
        for (var i = 0; i < sorted.Count; i++)
            path.Append(CultureInfo.InvariantCulture, $"H{X(sorted[i] / most):0.0}V{Y((i + 1.0) / sorted.Count):0.0}");
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"curve\" d=\"{path}H{X(1)}\"/>");
        return End(svg);
    }

    /// <summary>Shares as bars with their 95% intervals.</summary>
    public static string Shares(IReadOnlyList<(string Name, Share Share, bool LowIsGood)> shares)
    {
        var svg = Begin(
            "Shares: " + string.Join("; ", shares.Select(s => $"{s.Name} {ReportText.Of(s.Share)}")),
            30 * shares.Count - Height + 6
        );
        var y = Top;
        foreach (var (name, share, lowIsGood) in shares)
        {
            var value = double.IsNaN(share.Value) ? 0 : share.Value;
            var (low, high) = share.Interval;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"label\" x=\"{X(0)}\" y=\"{y + 9}\">{WebUtility.HtmlEncode(name)}</text>"
            );
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"track\" x=\"{X(0)}\" y=\"{y + 13}\" width=\"{Width}\" height=\"9\"/>");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"{(lowIsGood ? "bad" : "good")}\" x=\"{X(0)}\" y=\"{y + 13}\" width=\"{Width * value:0.0}\" height=\"9\"/>"
            );
            if (share.Of > 0)
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<line class=\"whisker\" x1=\"{X(low):0.0}\" x2=\"{X(high):0.0}\" y1=\"{y + 17.5}\" y2=\"{y + 17.5}\"/>"
                );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"value\" x=\"{X(1)}\" "
                    + $"y=\"{y + 9}\">{(share.Of == 0 ? "none to count" : $"{100 * value:0}% of {share.Of}")}</text>"
            );
            y += 30;
        }
        return End(svg);
    }

    private static double X(double share) => Math.Round(Left + (share * Width), 1);

    private static double Y(double share) => Math.Round(Top + Height - (share * Height), 1);

    private static StringBuilder Begin(string alternative, double more = 36) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"<svg viewBox=\"0 0 {Left + Width + 16} {Top + Height + more}\" role=\"img\" "
                    + $"aria-label=\"{WebUtility.HtmlEncode(alternative)}\">"
            )
        );

    private static string End(StringBuilder svg) => svg.Append("</svg>").ToString();

    private static void Axes(
        StringBuilder svg,
        string x,
        string y,
        Func<double, string> xText,
        double xMost,
        Func<double, string> yText,
        double yMost
    )
    {
        for (var i = 0; i <= 4; i++)
        {
            var share = i / 4.0;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<line class=\"grid\" x1=\"{X(0)}\" x2=\"{X(1)}\" y1=\"{Y(share)}\" y2=\"{Y(share)}\"/>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"tick end\" x=\"{X(0) - 6}\" y=\"{Y(share) + 4}\">{yText(share * yMost)}</text>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"tick mid\" x=\"{X(share)}\" y=\"{Y(0) + 15}\">{xText(share * xMost)}</text>"
            );
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis mid\" x=\"{X(0.5)}\" y=\"{Y(0) + 31}\">{x}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis end\" x=\"{X(1) - 4}\" y=\"{Y(0) - 6}\">{y} (up)</text>");
    }
}
