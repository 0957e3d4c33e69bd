using System.Reflection;
using System.Text.RegularExpressions;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Time;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Engine;

/// <summary>docs/durable-engine.md: its code is run here as it stands there, and every test that it names exists.</summary>
public sealed partial class PageTests
{
    private static readonly string Root = typeof(PageTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "SourceRoot")
        .Value!;
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "durable-engine.md"));

    [Fact]
    public async Task The_ten_lines_start_it()
    {
        Assert.Equal(10, Snippet("ten lines").Split('\n').Length);
        // csharpier-ignore-start
        // <ten lines>
        await using var engine = DurableEngine.Create(tasks => tasks
            .AddActivityFunc<string, string>("Greet", (_, name) => $"Hello, {name}!")
            .AddOrchestratorFunc<string, string>("Welcome", async (context, name) =>
            {
                await context.CreateTimer(TimeSpan.FromHours(24), CancellationToken.None);
                return await context.CallActivityAsync<string>("Greet", name);
            }), new VirtualTimeProvider());
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Welcome", "World");
        await engine.AdvanceAsync(TimeSpan.FromHours(24));
        var done = await engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        // </ten lines>
        // csharpier-ignore-end
        Assert.Equal("Hello, World!", done.ReadOutputAs<string>());
    }

    [Fact]
    public async Task The_official_builders_take_it()
    {
        // <builders>
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Services.AddDurableTaskWorker(worker => worker.AddTasks(Register).UseLocalEngine());
        builder.Services.AddDurableTaskClient(client => client.UseLocalEngine());
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<DurableTaskClient>();
        // </builders>
        var id = await client.ScheduleNewOrchestrationInstanceAsync("Ends");
        Assert.Equal(
            OrchestrationRuntimeStatus.Completed,
            (await client.WaitForInstanceCompletionAsync(id, HostedEngine.Limit)).RuntimeStatus
        );
        await host.StopAsync();

        static void Register(DurableTaskRegistry tasks) => tasks.AddOrchestratorFunc("Ends", _ => Task.FromResult<object?>(1));
    }

    [Theory]
    [InlineData("ten lines")]
    [InlineData("builders")]
    public void The_pages_code_is_this_files(string name) =>
        Assert.Contains($"```csharp\n{Snippet(name)}\n```", Page, StringComparison.Ordinal);

    [Fact]
    public void The_page_begins_with_the_ten_lines() =>
        Assert.Equal(Page.IndexOf("```csharp", StringComparison.Ordinal), Page.IndexOf("```", StringComparison.Ordinal));

    [Fact]
    public void Every_row_says_how_the_engine_stands_and_names_a_test_that_exists()
    {
        var tests = typeof(PageTests)
            .Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(PageTests).Namespace)
            .SelectMany(t => t.GetMethods().Select(m => $"{t.Name}.{m.Name}"))
            .ToHashSet(StringComparer.Ordinal);
        var rows = Page.Split('\n').Where(l => Row().IsMatch(l)).Select(l => l.Split('|').Select(c => c.Trim()).ToArray()).ToArray();
        Assert.InRange(rows.Length, 100, 400);
        Assert.Empty(rows.Where(r => !Stands().IsMatch(r[2])).Select(r => r[1]));
        var named = rows.SelectMany(r => Test().Matches(r[3]).Select(m => m.Groups[1].Value)).ToArray();
        Assert.DoesNotContain(named, n => !tests.Contains(n));
        Assert.Empty(rows.Where(r => !Test().IsMatch(r[3]) && !r[2].StartsWith("not", StringComparison.Ordinal)).Select(r => r[1]));
    }

    [Fact]
    public void The_counts_on_the_page_are_those_of_its_rows()
    {
        var rows = Page.Split('\n').Where(l => Row().IsMatch(l)).Select(l => l.Split('|')[2].Trim()).ToArray();
        int Of(string stand) => rows.Count(r => r == stand || r.StartsWith(stand + ":", StringComparison.Ordinal));
        Assert.Contains(
            $"{rows.Length} behaviours: {Of("same")} the same, {Of("differs")} differ, {Of("refused")} refused, {Of("not here")} not here.",
            Page,
            StringComparison.Ordinal
        );
    }

    private static string Snippet(string name)
    {
        var source = File.ReadAllText(Path.Combine(Root, "tests", "local", "Engine", "PageTests.cs"));
        var lines = source.Split($"// <{name}>\n")[1].Split($"// </{name}>")[0].TrimEnd().Split('\n');
        return string.Join('\n', lines.Select(l => l.Length > 8 ? l[8..] : ""));
    }

    // A row of a table of behaviours: three cells, of which the second says how the engine stands to it.
    [GeneratedRegex(@"^\| .+ \| (same|differs|refused|not here)\b.* \|.*\|$")]
    private static partial Regex Row();

    [GeneratedRegex("^(same|(same|differs|refused|not here): .+)$")]
    private static partial Regex Stands();

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex Test();
}
