using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Incidents;

/// <summary>Runs only where somebody asks for the recording to be made anew.</summary>
public sealed class RecordingSamplesFactAttribute : FactAttribute
{
    public const string Variable = "IRF_RECORD_SAMPLES";

    public RecordingSamplesFactAttribute()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Skip = $"records tests/data/samples anew where {Variable} is set";
    }
}

/// <summary>
/// The ten sample alerts give the decisions and endings that were recorded before the project moved onto the official packages. See
/// tests/data/samples/README.md.
/// </summary>
public sealed class SampleEndingsTests
{
    private const string Recording = "decisions-and-endings.json";
    private static readonly string[] Ways = ["nobodyAnswers", "aPersonApprovesAndReleases"];
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Theory]
    [InlineData("nobodyAnswers")]
    [InlineData("aPersonApprovesAndReleases")]
    public async Task The_sample_alerts_are_decided_and_end_as_recorded(string way)
    {
        var recorded = Recorded()[way]!;
        // Line by line, so that a failure shows which alert's decision or ending is another.
        Assert.Equal(recorded.ToJsonString(Readable).Split('\n'), (await RunAsync(way)).ToJsonString(Readable).Split('\n'));
    }

    [Fact]
    public void The_recording_holds_all_ten_samples_and_both_an_expired_and_an_approved_request()
    {
        var recorded = Recorded();
        var files = System.IO.Directory.EnumerateFiles(Samples, "*.json").Select(Path.GetFileName).Order(StringComparer.Ordinal);
        foreach (var way in Ways)
        {
            var samples = recorded[way]!["alerts"]!.AsArray().SelectMany(a => a!["samples"]!.AsArray()).Select(s => s!.GetValue<string>());
            Assert.Equal(files, samples.Order(StringComparer.Ordinal));
        }
        Assert.Contains("expired\"", recorded[Ways[0]]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("granted\"", recorded[Ways[1]]!.ToJsonString(), StringComparison.Ordinal);
    }

    [RecordingSamplesFact]
    public async Task Record()
    {
        var recorded = new JsonObject();
        foreach (var way in Ways)
            recorded[way] = await RunAsync(way);
        // In the sources, which is what is committed.
        var folder = Path.Combine(Style.Sources.Root, "tests", "data", "samples");
        System.IO.Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, Recording), recorded.ToJsonString(Readable) + "\n");
    }

    private static string Samples => Path.Combine(AppContext.BaseDirectory, "samples");

    internal static JsonNode Recorded() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "samples", Recording)))!;

    private static Task<JsonObject> RunAsync(string way) => SampleRun.OfAsync(Samples, answered: way == Ways[1]);
}
