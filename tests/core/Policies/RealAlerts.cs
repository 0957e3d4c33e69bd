using System.Text.Json;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Policies;

/// <summary>Every published alert under tests/data/alerts, however its file wraps it.</summary>
internal static class RealAlerts
{
    public static IReadOnlyList<Alert> All { get; } =
    [.. Messages().Select(message => AlertParser.Read(message)).Where(reading => reading.IsAlert).Select(reading => reading.Alert!)];

    /// <summary>The first alert of one file, on one line.</summary>
    public static string Line(string file) =>
        Messages(Path.Combine(Folder, file)).First(message => AlertParser.Read(message).IsAlert) is var bytes
            ? System.Text.Encoding.UTF8.GetString(bytes)
            : "";

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "data", "alerts");

    private static IEnumerable<byte[]> Messages() =>
        System.IO.Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).SelectMany(Messages);

    // The files hold one alert, a list of them, or a response of an API around a list: every object in them is tried, the outermost first.
    private static IEnumerable<byte[]> Messages(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return Walk(document.RootElement.Clone());
    }

    private static IEnumerable<byte[]> Walk(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element.EnumerateArray().SelectMany(Walk);
        if (element.ValueKind != JsonValueKind.Object)
            return [];
        var bytes = JsonSerializer.SerializeToUtf8Bytes(element);
        return AlertParser.Read(bytes).IsAlert ? [bytes] : element.EnumerateObject().SelectMany(property => Walk(property.Value));
    }
}
