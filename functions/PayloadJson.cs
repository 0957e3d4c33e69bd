using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;

namespace IRFunctions;

/// <summary>
/// How everything that crosses Durable Task becomes JSON and back: inputs, outputs, events, custom status, entity states. The worker
/// process has it from Program.cs, local/ takes <see cref="Converter"/>. Instances under way are read with it: it never changes.
/// </summary>
public static class PayloadJson
{
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>For an engine without a Functions worker.</summary>
    public static DataConverter Converter { get; } = new JsonDataConverter(Options);

    /// <summary>The worker's Durable Task extension takes its converter from here.</summary>
    public static void Use(WorkerOptions worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        worker.Serializer = new JsonObjectSerializer(Options);
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            IncludeFields = true,
            // Payloads are stored and read back, never put into a page: text of other alphabets need not take six bytes a character.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
