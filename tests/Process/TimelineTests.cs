namespace IRFunctions.Tests.RealProgram;

/// <summary>What the run tells people while it goes on, and when it goes on again.</summary>
public sealed class TimelineTests
{
    [Fact]
    public async Task One_line_an_alert_a_loud_one_for_people_refusals_with_reason_no_colours_and_a_summary_after_a_restart()
    {
        using var folder = new TempFolder();
        await using (var run = await LocalProgram.StartFedAsync(folder.Path))
        {
            using var refused = await run.Http.PostAsync("alerts/messages", new StringContent("{\"hello\":1}"));
            await run.UntilAsync(
                () =>
                    Task.FromResult(
                        run.Output.Contains("NEEDS YOU", StringComparison.Ordinal)
                            && run.Output.Contains("was not taken in", StringComparison.Ordinal)
                            && run.Output.Contains("waiting for you: 2", StringComparison.Ordinal)
                    ),
                "the timeline tells"
            );
            var lines = run.Output.Split('\n');
            Assert.DoesNotContain('\u001b', run.Output);
            Assert.DoesNotContain(lines, l => l.Contains("registered", StringComparison.Ordinal));
            Assert.Single(lines, l => l.Contains("reported by user as malware", StringComparison.Ordinal));
        }
        await using var again = await LocalProgram.StartAsync(folder.Path);
        await again.UntilAsync(
            () => Task.FromResult(again.Output.Contains("NEEDS YOU", StringComparison.Ordinal)),
            "it says what was left"
        );
        Assert.Contains("goes on where the last run ended: waiting for you: 2", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_entry_is_shown_with_detail()
    {
        using var folder = new TempFolder();
        await using var run = await LocalProgram.StartFedAsync(folder.Path, "--detail");
        await run.UntilAsync(() => Task.FromResult(run.Output.Contains("registered", StringComparison.Ordinal)), "every entry");
    }

    [Theory]
    [InlineData("go together", "--model", "https://model.example/v1/")]
    [InlineData("go together", "--deployment", "gpt")]
    [InlineData("give an address like", "--model", "model", "--deployment", "gpt")]
    [InlineData("must be https", "--model", "http://model.example/v1/", "--deployment", "gpt")]
    public async Task A_model_that_cannot_be_ends_with_1_and_one_sentence(string words, params string[] options)
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(
            words,
            ["--no-feed", "--port", $"{LocalProgram.FreePort()}", "--state", folder.Path, .. options]
        );
    }

    [Fact]
    public async Task The_pipeline_runs_on_a_model_of_one_s_own()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        await using var model = await LocalProgram.StartAsync(other.Path);
        await using var run = await LocalProgram.StartFedAsync(
            folder.Path,
            "--detail",
            "--model",
            new Uri(model.Http.BaseAddress!, "openai/v1/").ToString(),
            "--deployment",
            "my-model"
        );
        await run.UntilAsync(() => Task.FromResult(run.Output.Contains("the model (", StringComparison.Ordinal)), "the model answers");
        Assert.DoesNotContain("The rules answered instead", run.Output, StringComparison.Ordinal);
    }
}
