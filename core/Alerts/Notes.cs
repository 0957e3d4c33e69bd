using System.Globalization;

namespace IRFunctions.Alerts;

/// <summary>What was cut or not understood while reading one message; bounded, so that a hostile message cannot flood the reader.</summary>
internal sealed class Notes
{
    private readonly List<string> _kept = [];
    private int _more;

    public void Add(string note)
    {
        if (_kept.Contains(note))
            return;
        if (_kept.Count < AlertLimits.MaxNotes - 1)
            _kept.Add(SafeText.Line(note, AlertLimits.MaxName, out _));
        else
            _more++;
    }

    public IReadOnlyList<string> ToList() => _more == 0
        ? _kept
        : [.. _kept, string.Create(CultureInfo.InvariantCulture, $"And {_more} more remarks of this kind.")];
}
