using System.Net;
using System.Net.Sockets;

namespace IRFunctions.Tests.RealProgram;

/// <summary>How the real program starts, refuses to start, and ends.</summary>
public sealed class StartAndEndTests
{
    [Fact]
    public async Task A_port_in_use_ends_with_1_and_names_the_remedy()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(
            $"Port {port} on 127.0.0.1 is in use",
            "--no-feed",
            "--port",
            $"{port}",
            "--state",
            folder.Path
        );
    }

    /// <summary>Rights cannot be taken from root, who may run the tests: something of another kind stands in the way.</summary>
    [Theory]
    [InlineData("running.lock", "cannot be written")]
    [InlineData("tables.db", "the state folder cannot be written; give this user the right to, or another folder with --state")]
    [InlineData("durable.db", "the state folder cannot be written; give this user the right to, or another folder with --state")]
    [InlineData("queue.db", "the state folder cannot be written; give this user the right to, or another folder with --state")]
    [InlineData("tenant.db", "the state folder cannot be written; give this user the right to, or another folder with --state")]
    public async Task A_state_folder_that_cannot_be_written_ends_with_1_and_one_sentence_with_the_remedy(string name, string message)
    {
        using var folder = new TempFolder();
        System.IO.Directory.CreateDirectory(Path.Combine(folder.Path, name));
        await LocalProgram.AssertRefusedAsync(folder, message);
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_state_folder_is_told_in_one_sentence()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "");
        await LocalProgram.AssertRefusedAsync("cannot be written", "--no-feed", "--port", $"{LocalProgram.FreePort()}", "--state", file);
    }

    [Fact]
    public async Task A_broken_policy_ends_with_1_and_names_file_and_line()
    {
        using var folder = new TempFolder();
        using var policies = new TempFolder();
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "policies"), "*.yaml"))
            File.Copy(file, Path.Combine(policies.Path, Path.GetFileName(file)));
        var actions = Path.Combine(policies.Path, "actions.yaml");
        await File.WriteAllTextAsync(
            actions,
            (await File.ReadAllTextAsync(actions)).Replace("tier: 2", "tier: 7", StringComparison.Ordinal)
        );
        await LocalProgram.AssertRefusedAsync(
            "actions.yaml:",
            "--no-feed",
            "--port",
            $"{LocalProgram.FreePort()}",
            "--state",
            folder.Path,
            "--policies",
            policies.Path
        );
    }

    [Fact]
    public async Task A_policy_folder_that_does_not_exist_ends_with_1_and_names_it()
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(
            "no-such-policies",
            "--no-feed",
            "--port",
            $"{LocalProgram.FreePort()}",
            "--state",
            folder.Path,
            "--policies",
            Path.Combine(folder.Path, "no-such-policies")
        );
    }

    [Fact]
    public async Task Fresh_on_a_foreign_folder_ends_with_1_and_deletes_nothing()
    {
        using var folder = new TempFolder();
        var mine = Path.Combine(folder.Path, "thesis.docx");
        await File.WriteAllTextAsync(mine, "years of work");
        await LocalProgram.AssertRefusedAsync(
            "thesis.docx",
            "--no-feed",
            "--fresh",
            "--port",
            $"{LocalProgram.FreePort()}",
            "--state",
            folder.Path
        );
        Assert.True(File.Exists(mine));
    }

    [Theory]
    [InlineData("--clock", "0")]
    [InlineData("--port", "70000")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "seven")]
    public async Task An_option_that_cannot_be_ends_with_1_and_is_named(string option, string value)
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(option, "--no-feed", "--state", folder.Path, option, value);
    }

    [Fact]
    public async Task Two_processes_on_one_state_folder_do_not_run_and_the_first_goes_on()
    {
        using var folder = new TempFolder();
        await using var first = await LocalProgram.StartAsync(folder.Path);
        await LocalProgram.AssertRefusedAsync(
            "Another run uses",
            "--no-feed",
            "--port",
            $"{LocalProgram.FreePort()}",
            "--state",
            folder.Path
        );
        await LocalProgram.AssertRefusedAsync(
            "Another run uses",
            "--no-feed",
            "--fresh",
            "--port",
            $"{LocalProgram.FreePort()}",
            "--state",
            folder.Path
        );
        await first.GetAsync("api/health");
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_cleanly_with_0(string signal)
    {
        // A shell that starts a job in the background makes it ignore SIGINT, and its children inherit that: then there is nothing to test.
        if (signal == "INT" && IsInterruptIgnored())
            return;
        using var folder = new TempFolder();
        await using var program = await LocalProgram.StartAsync(folder.Path);
        await program.SignalAsync(signal);
        Assert.Equal(0, await program.EndAsync());
        Assert.DoesNotContain("Unhandled", program.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "clock.txt")));
    }

    /// <summary>Bit 2 of the ignored signals of this process (proc(5), SigIgn).</summary>
    private static bool IsInterruptIgnored() =>
        File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0;
}
