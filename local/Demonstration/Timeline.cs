using System.Globalization;
using IRFunctions.Containment;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Record;
using Spectre.Console;

namespace IRFunctions.Local.Demonstration;

/// <summary>
/// Tells what happens as it happens, from the record itself: few lines (<see cref="QuietLines"/>), or with --detail every entry, as an
/// auditor will read it.
/// </summary>
/// <param name="detail">Whether every entry is shown.</param>
internal sealed class Timeline(IAnsiConsole console, Uri address, TimeProvider time, bool detail)
{
    private const int MostListed = 5;
    private readonly QuietLines quiet = new(address);
    private string standing = "";

    private static readonly string[] Colours =
    [
        "deepskyblue1",
        "gold1",
        "mediumpurple1",
        "springgreen2",
        "orange1",
        "hotpink",
        "turquoise2",
        "khaki1",
    ];
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private long? awaiting;

    public void Welcome(LocalMachine machine, MachineOptions options, double factor)
    {
        lock (gate)
        {
            console.Write(new Rule("[bold]IRFunctions[/] on this machine").LeftJustified());
            Line($"[grey]open[/]     [bold]{address}[/]   [grey]the console: what waits, what is in effect; choose who you are there[/]");
            Line($"[grey]policy[/]   {machine.Policy.Hash[..12]} from {Markup.Escape(options.PolicyFolder)}");
            var fast = factor == 1 ? "" : $"   [yellow]clock runs {factor:0.##} times as fast[/]";
            Line($"[grey]state[/]    {Markup.Escape(options.StateFolder!)}{fast}");
            Line(
                $"[grey]look[/]     {address}api/incidents   [grey]with the header[/] {DevelopmentSignIn.Header}: "
                    + $"{DevUsers.All(machine.Policy).First().ObjectId}"
            );
            if (machine.Amqp is { } amqp)
            {
                Line(
                    $"[grey]send[/]     curl -d @alert.json {address}alerts/messages      [grey]refused ones:[/] "
                        + $"{address}local/queues/alerts/deadletter"
                );
                Line($"[grey]clients[/]  {Markup.Escape(amqp.ConnectionString)}");
            }
            else
                Line(
                    $"[grey]queues[/]   elsewhere, in the Service Bus namespace {Markup.Escape(machine.ServiceBus.FullyQualifiedNamespace)}"
                );
            var people = DevUsers.All(machine.Policy).Select(p => $"{Markup.Escape(p.Name)} …{p.ObjectId[^4..]}");
            Line($"[grey]people[/]   {string.Join(", ", people)}   [grey]Ctrl-C ends it; nothing is lost[/]");
            console.Write(new Rule().RuleStyle("grey"));
        }
    }

    /// <summary>Something takes a while.</summary>
    public void Progress(string what)
    {
        lock (gate)
            Row(Now(), "", "", $"[grey]{Markup.Escape(what)}[/]");
    }

    /// <summary>On a real engine the first step takes seconds: says so, and how many when it has come.</summary>
    public void AwaitFirst()
    {
        lock (gate)
            awaiting = time.GetTimestamp();
        Progress("the engine runs; the first step of an incident takes a second or two");
    }

    public void Refused(string file, string why)
    {
        lock (gate)
            Line($"[red]{Now()}  the queue refused {Markup.Escape(file)} with {Markup.Escape(why)}[/]");
    }

    public void Staff(string name, string what)
    {
        lock (gate)
            Row(Now(), "", "[italic]☺ staff[/]", $"[italic]{Markup.Escape(name)} (simulated) {Markup.Escape(what)}[/]");
    }

    /// <summary>After a restart: what was left, and who has to do something.</summary>
    public void Resume(Standing left, IReadOnlyList<string> requests)
    {
        lock (gate)
        {
            if (left is { Waiting: 0, InEffect.Count: 0 })
            {
                Line("[grey]goes on where the last run ended: nothing waits and nothing is in effect[/]");
                return;
            }
            Line($"[bold]goes on where the last run ended:[/] {Markup.Escape(left.Text)}");
            foreach (var request in requests.Take(MostListed))
                Line($"  [bold black on yellow] NEEDS YOU [/] {Markup.Escape(request)}");
            if (left.Waiting > MostListed)
                Line($"  and {left.Waiting - MostListed} more: {address}api/approvals");
            standing = left.Text;
        }
    }

    /// <summary>The standing line, where it has changed.</summary>
    public void Stand(Standing now)
    {
        lock (gate)
        {
            if (now.Text == standing)
                return;
            standing = now.Text;
            var style = now.Waiting > 0 ? "bold yellow" : "grey";
            Row(Now(), "", "", $"[{style}]{Markup.Escape(now.Text)}[/]");
        }
    }

    public void Goodbye(string state)
    {
        lock (gate)
        {
            console.WriteLine();
            Line($"Stopped. Everything is kept in {Markup.Escape(state)}; the same command goes on where it was, --fresh forgets it.");
        }
    }

    public void Show(AuditEntry entry)
    {
        if (!detail)
        {
            if (quiet.Of(entry) is { } line)
                lock (gate)
                    Tell(entry, line);
            return;
        }
        // Tickets and pages have no inverse and cannot be read back: that they were sent says it all.
        if (
            entry.Kind is AuditKinds.Executing or AuditKinds.Verified
            && (
                entry.Text.EndsWith("(no inverse)", StringComparison.Ordinal) || entry.Text.StartsWith("accepted", StringComparison.Ordinal)
            )
        )
            return;
        var pipeline = entry.Chain == RecordChains.Pipeline;
        lock (gate)
        {
            if (awaiting is { } since && !pipeline)
            {
                awaiting = null;
                Progress(string.Create(CultureInfo.InvariantCulture, $"first step after {time.GetElapsedTime(since).TotalSeconds:0.0} s"));
            }
            var (mark, style) = Look(entry.Kind);
            if (entry.Kind == AuditKinds.Received)
                console.WriteLine();
            Row(
                Stamp(entry.At),
                Tag(entry),
                $"[{style}]{mark} {entry.Kind}[/]",
                $"[{TextStyle(entry.Kind)}]{Markup.Escape(entry.Text)}[/]"
            );
            foreach (var hint in Hints(entry))
                Row("", "", "", $"[grey]{Markup.Escape(hint)}[/]");
        }
    }

    private void Tell(AuditEntry entry, QuietLine line)
    {
        if (awaiting is { } since && entry.Chain != RecordChains.Pipeline)
        {
            awaiting = null;
            Progress(string.Create(CultureInfo.InvariantCulture, $"first step after {time.GetElapsedTime(since).TotalSeconds:0.0} s"));
        }
        var style = line.Volume == Volume.Loud ? "bold black on yellow" : "default";
        var padding = line.Volume == Volume.Loud ? " " : "";
        Row(
            Stamp(entry.At),
            Tag(entry),
            $"[{style}]{padding}{Markup.Escape(line.Word)}{padding}[/]",
            $"[{(line.Volume == Volume.Loud ? "bold" : "default")}]{Markup.Escape(line.Text)}[/]"
        );
        if (line.Hint is { } hint)
            Row("", "", "", $"[grey]{Markup.Escape(hint)}[/]");
    }

    private string Tag(AuditEntry entry)
    {
        if (entry.Chain == RecordChains.Pipeline)
            return "[grey]--[/]";
        if (!numbers.TryGetValue(entry.Chain, out var number))
            numbers[entry.Chain] = number = numbers.Count + 1;
        return $"[{Colours[(number - 1) % Colours.Length]}]#{number}[/]";
    }

    /// <summary>One line in columns, so that long text stays under its own beginning.</summary>
    private void Row(string time, string tag, string kind, string text)
    {
        var grid = new Grid()
            .AddColumn(new GridColumn().Width(8).NoWrap().PadRight(2))
            .AddColumn(new GridColumn().Width(4).NoWrap().PadRight(1))
            .AddColumn(new GridColumn().Width(16).NoWrap().PadRight(1))
            .AddColumn(new GridColumn());
        console.Write(grid.AddRow(time, tag, kind, text));
    }

    private static string TextStyle(string kind) =>
        kind switch
        {
            AuditKinds.Received => "bold",
            AuditKinds.Assessed or AuditKinds.Captured => "grey",
            _ => "default",
        };

    /// <summary>What a person can do about it, ready to paste.</summary>
    private IEnumerable<string> Hints(AuditEntry entry)
    {
        if (entry.Kind == AuditKinds.Received)
            yield return $"{address}api/incidents/{entry.Chain}";
        if (entry.Kind is AuditKinds.Asked or AuditKinds.Climbed)
            yield return quiet.Of(entry)!.Hint!;
        if (entry.Kind == AuditKinds.Verified && entry.Text.Contains("will be undone", StringComparison.Ordinal))
            yield return $"release, confirm or extend: {address}api/containments";
    }

    private static (string Mark, string Style) Look(string kind) =>
        kind switch
        {
            AuditKinds.Received => ("▶", "bold"),
            AuditKinds.Assessed => ("◌", "grey"),
            AuditKinds.Injection => ("!", "red"),
            AuditKinds.Decided => ("§", "white"),
            AuditKinds.Asked or AuditKinds.Climbed or AuditKinds.Reminded => ("?", "yellow"),
            AuditKinds.Answered or AuditKinds.Granted or AuditKinds.Confirmed => ("✓", "green"),
            AuditKinds.Executing or AuditKinds.Executed or AuditKinds.Verified or AuditKinds.Captured => ("■", "aqua"),
            ContainmentKinds.Estimated or ContainmentKinds.Probed or ContainmentKinds.Registered => ("□", "grey"),
            ContainmentKinds.Drifted or ContainmentKinds.Repaired or AuditKinds.RecordBroken => ("!", "red"),
            AuditKinds.Undoing
            or AuditKinds.Undone
            or AuditKinds.NotUndone
            or AuditKinds.ReleaseAsked
            or AuditKinds.RestoreAsked
            or ContainmentKinds.Rehearsed => ("↺", "springgreen2"),
            AuditKinds.Denied or AuditKinds.Expired or AuditKinds.Refused => ("✗", "orange1"),
            AuditKinds.Failed or AuditKinds.RollbackFailed => ("!", "red"),
            AuditKinds.StopEngaged or AuditKinds.StopLifted => ("●", "red"),
            _ => ("·", "grey"),
        };

    private string Now() => Stamp(time.GetUtcNow());

    private static string Stamp(DateTimeOffset at) => $"[grey]{at.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}[/]";

    private void Line(string markup) => console.MarkupLine(markup);
}
