using System.Globalization;

namespace IRFunctions.Alerts;

/// <summary>What was cut or not understood while reading one message; bounded, so that a hostile message cannot flood the reader.</summary>
internal sealed class Notes
{
    private readonly List<string> kept = [];
    private int more;

    public void Add(string note)
    {
        if (kept.Contains(note))
            return;
        if (kept.Count < AlertLimits.MaxNotes - 1)
            kept.Add(SafeText.Line(note, AlertLimits.MaxName, out _));
        else
            more++;
    }

    public IReadOnlyList<string> ToList() =>
        more == 0 ? kept : [.. kept, string.Create(CultureInfo.InvariantCulture, $"And {more} more remarks of this kind.")];
}
