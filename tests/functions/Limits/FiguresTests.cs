using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using IRFunctions.Limits;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Limits;

/// <summary>The figures of a whole incident, and that the workbook asks for what there is.</summary>
public sealed partial class FiguresTests
{
    [Fact]
    public async Task A_request_that_was_approved_done_and_released_is_measured_by_action_and_rung()
    {
        var seen = new ConcurrentBag<(string Name, double Value, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == PipelineFigures.Name)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) => seen.Add((instrument.Name, value, string.Join(' ', tags.ToArray().Select(t => t.Value))))
        );
        listener.Start();
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(World.Megan));
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromMinutes(2));
        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Megan), "release"));
        await world.RunAsync();

        const string Disable = "disable_user_account_temporarily";
        // Other tests of this process run worlds, too: only what this one did has these numbers.
        Assert.Contains(
            seen,
            s => s is { Name: "irfunctions.request.decision.duration", Value: >= 120 and < 150 } && s.Tags == $"{Disable} primary Granted"
        );
        Assert.Contains(seen, s => s.Name == "irfunctions.containment.start.duration" && s.Tags == Disable);
        Assert.Contains(seen, s => s.Name == "irfunctions.containment.undo.duration" && s.Tags == $"{Disable} Released");
        Assert.Contains(seen, s => s is { Name: "irfunctions.containment.false_alarm.duration", Value: >= 1_800 and < 1_900 });
    }

    [Fact]
    public void The_workbook_asks_for_meters_and_tags_that_there_are()
    {
        var code = string.Concat(
            File.ReadAllText(Path.Combine(Sources.Root, "functions", "Limits", "PipelineFigures.cs")),
            File.ReadAllText(Path.Combine(Sources.Root, "functions", "Assessment", "ModelTelemetry.cs"))
        );
        var workbook = File.ReadAllText(Path.Combine(Sources.Root, "bicep", "workbooks", "figures.json"));
        var names = Named().Matches(workbook).Select(m => m.Value).Distinct().ToList();
        Assert.True(names.Count >= 8);
        Assert.All(names, n => Assert.Contains($"\"{n}\"", code, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"irfunctions\.[a-z_.]+[a-z]")]
    private static partial Regex Named();
}
