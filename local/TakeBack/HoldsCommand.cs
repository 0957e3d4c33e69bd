using System.CommandLine;
using IRFunctions.Alerts;
using IRFunctions.Containment;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// `holds backup` writes the live holds as one file; `holds restore` makes them live again, with timers, in an app whose durable state
/// knows nothing of them. Exit codes: 0 done, 2 something could not be read or written.
/// </summary>
internal static class HoldsCommand
{
    private static readonly Option<string> Tables = new("--tables")
    {
        Description = "Tables of the app: connection string, https address, or the state folder of a local run that has ended.",
        Required = true,
    };

    public static Command Create() =>
        new("holds", "Back up and restore the holds of live containments") { BackupCommand(), RestoreCommand() };

    private static Command BackupCommand()
    {
        var to = new Option<FileInfo>("--out") { Description = "File to write; one that is there is replaced.", Required = true };
        var command = new Command("backup", "Write the live holds, with the state before, to a file") { Tables, to };
        command.SetAction(
            (result, stop) =>
                TakeBackCommand.GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var places = await Places.OfTablesAsync(result.GetValue(Tables)!, stop);
                        var unreadable = new List<string>();
                        var rows = await places.Holds.AllAsync(e => unreadable.Add(e.Message), stop);
                        await HoldsFile.WriteAsync(result.GetValue(to)!.FullName, places.Time.GetUtcNow(), rows, stop);
                        TakeBackCommand.Say(result, $"{rows.Count} live hold(s) in {result.GetValue(to)}. It holds names of people.");
                        return unreadable.Count == 0 ? 0 : TakeBackCommand.Complain(result, $"NOT in it: {string.Join("; ", unreadable)}");
                    }
                )
        );
        return command;
    }

    private static Command RestoreCommand()
    {
        var from = new Option<FileInfo?>("--from") { Description = "A backup; without it, what the tables themselves hold." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be made live again, and change nothing." };
        var command = new Command("restore", "Make holds live again whose durable state was lost") { Tables, from, dryRun };
        command.SetAction(
            (result, stop) =>
                TakeBackCommand.GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var places = await Places.OfTablesAsync(result.GetValue(Tables)!, stop);
                        if (!result.GetValue(dryRun))
                            await Pipeline.CreateTablesAsync(places.Services, stop);
                        return await RestoreAsync(result, places, result.GetValue(from), result.GetValue(dryRun), stop);
                    }
                )
        );
        return command;
    }

    private static async Task<int> RestoreAsync(ParseResult result, Places places, FileInfo? from, bool dryRun, CancellationToken stop)
    {
        var now = places.Time.GetUtcNow();
        var source = from is null ? "the table holds" : "a backup";
        IReadOnlyList<KeptContainment> wanted;
        if (from is null)
            wanted = await places.Holds.AllAsync(e => TakeBackCommand.Say(result, $"NOT restored: {e.Message}"), stop);
        else
        {
            (var takenAt, wanted) = await HoldsFile.ReadAsync(from.FullName, stop);
            source = $"a backup of {TimeText.Utc(takenAt)}";
            TakeBackCommand.Say(result, $"The backup is of {TimeText.Utc(takenAt)}: what ended since then is made live again, too.");
        }
        var mark = new RestoreMark(now, $"{Environment.UserName} on {Environment.MachineName}", source);
        var asked = 0;
        foreach (var kept in wanted)
        {
            var (newest, taken) = dryRun && from is not null ? (kept, false) : await NewestAsync(places.Holds, kept, stop);
            if (taken)
            {
                TakeBackCommand.Say(result, $"left: {kept.Key}: it was taken back outside");
                continue;
            }
            asked++;
            TakeBackCommand.Say(result, $"{(dryRun ? "would be live again" : "asked for")}: {kept.Key}: {EndOf(newest.State, now)}");
            if (dryRun)
                continue;
            await places.Holds.KeepAsync(newest, stop);
            await places.Holds.MarkForRestoreAsync(kept.Key, mark, stop);
        }
        TakeBackCommand.Say(
            result,
            dryRun
                ? $"Dry run: {asked} would be made live again, nothing was changed."
                : $"{asked} asked for. The app's watchdog makes them live within five minutes; an owner that knows better is left."
        );
        return 0;
    }

    /// <summary>What the table has written since the backup is newer than it.</summary>
    private static async Task<(KeptContainment Newest, bool Taken)> NewestAsync(
        HoldTable holds,
        KeptContainment kept,
        CancellationToken stop
    )
    {
        var there = await holds.FindAsync(kept.Key, kept.Hub, stop);
        var newest = there is not null && there.KeptAt >= kept.KeptAt ? there : kept;
        return (newest, await holds.TakenBackAsync(newest, stop) is not null);
    }

    private static string EndOf(RollbackState state, DateTimeOffset now) =>
        state.Status switch
        {
            ContainmentStatus.Confirmed => "confirmed, it stays",
            ContainmentStatus.Live when state.UndoAt is { } at && at > now => $"undone at {TimeText.Utc(at)} unless someone confirms it",
            ContainmentStatus.Live => "its time has run out, so it is undone at once",
            _ => "its undo goes on at once",
        };
}
