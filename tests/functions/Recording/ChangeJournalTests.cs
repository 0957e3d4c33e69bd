namespace IRFunctions.Tests.Recording;

/// <summary>Which chains changed when: in order and whole, also where one minute holds thousands.</summary>
public sealed class ChangeJournalTests
{
    [Fact]
    public async Task Quiet_and_crowded_minutes_are_read_in_order_and_whole()
    {
        var rig = new RecordRig();
        var begin = new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
        var random = new Random(3);
        var written = new List<(DateTimeOffset At, string Chain)>();
        foreach (var (minute, count) in ((int, int)[])[(0, 5), (1, 2_600), (2, 0), (3, 999), (4, 1_000), (5, 1_001), (7, 3)])
        {
            for (var i = 0; i < count; i++)
                written.Add((begin.AddMinutes(minute).AddTicks(random.NextInt64(TimeSpan.TicksPerMinute)), $"incident-{minute}-{i}"));
        }
        foreach (var (at, chain) in written.OrderBy(_ => random.Next()))
            await rig.Journal.NoteAsync(chain, at, default);

        var read = new List<(DateTimeOffset, string)>();
        await foreach (var note in rig.Journal.ReadAsync(begin, begin.AddMinutes(10)))
            read.Add(note);
        Assert.Equal(written.OrderBy(w => w.At), read);

        read.Clear();
        await foreach (var note in rig.Journal.ReadAsync(begin.AddMinutes(1), begin.AddMinutes(4)))
        {
            read.Add(note);
            if (read.Count == 20)
                break;
        }
        Assert.Equal(written.Where(w => w.At >= begin.AddMinutes(1)).OrderBy(w => w.At).Take(20), read);
    }
}
