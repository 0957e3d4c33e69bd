using System.Diagnostics;
using System.Globalization;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>Finds the line of the orchestrator that is being executed.</summary>
internal static class SourceLine
{
    public static string? OfCaller()
    {
        foreach (var frame in new StackTrace(fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetFileName() is not { } file || IsPlumbing(frame.GetMethod()?.DeclaringType?.FullName)) continue;
            return string.Create(CultureInfo.InvariantCulture, $"{file}:{frame.GetFileLineNumber()}");
        }

        return null;
    }

    private static bool IsPlumbing(string? type) =>
        type is null || type.StartsWith("IRFunctions.Local.Durable.", StringComparison.Ordinal)
        || type.StartsWith("Microsoft.DurableTask.", StringComparison.Ordinal) || type.StartsWith("System.", StringComparison.Ordinal);
}
