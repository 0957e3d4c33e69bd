using System.Globalization;

namespace IRFunctions.Alerts;

/// <summary>Times as people read them.</summary>
internal static class TimeText
{
    public static string Utc(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Length(TimeSpan length) =>
        length switch
        {
            { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalHours:0.##} h"),
            { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalMinutes:0.##} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0.##} s"),
        };
}
