using System.Text.Json;
using IRFunctions.Alerts;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Durable;

/// <summary>Why an orchestration failed, from whatever the engine kept of it.</summary>
internal static class InstanceFailure
{
    private const int Most = 400;

    /// <summary>
    /// Its failure details; else what the host put into its output ("message" and "details") where it failed the instance itself; else that
    /// there is nothing, and where to look.
    /// </summary>
    public static string Of(OrchestrationMetadata failed)
    {
        var reason =
            failed.FailureDetails?.ErrorMessage is { Length: > 0 } known && known != "(unknown)"
                ? known
                : FromOutput(failed.SerializedOutput);
        return reason is { Length: > 0 }
            ? TextBounds.OneLine(reason, Most).TrimEnd('.')
            : $"the engine gave no reason; look at the host's log for instance {failed.InstanceId}";
    }

    private static string? FromOutput(string? output)
    {
        if (string.IsNullOrWhiteSpace(output))
            return null;
        try
        {
            using var json = JsonDocument.Parse(output);
            if (json.RootElement.ValueKind == JsonValueKind.String)
                return json.RootElement.GetString();
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            var (message, details) = (Text(json.RootElement, "message"), Text(json.RootElement, "details"));
            // The details are an exception with its stack; its first line says what it was.
            return string.Join(" ", ((string?[])[message, details?.Split('\n', 2)[0].Trim()]).Where(t => t is { Length: > 0 }));
        }
        catch (JsonException)
        {
            return output;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
