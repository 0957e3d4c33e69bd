using System.Text;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>What came of one story.</summary>
/// <param name="Trace">Everything seen, a line each: the same for the same story, byte for byte.</param>
internal sealed record SimulationResult(
    Story Story,
    IReadOnlyList<Violation> Violations,
    IReadOnlyDictionary<string, int> Injected,
    long Steps,
    int Effects,
    int Deaths,
    IReadOnlyList<double> UndoneAfter,
    string Trace
);

/// <summary>Plays one story: items in their order, everything that falls due between them, the checker after every step.</summary>
internal sealed partial class Simulation : IAsyncDisposable
{
    /// <summary>Timers of the host need not be on time to the minute; on a quiet machine they come this seldom.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMinutes(5),
        LongTick = TimeSpan.FromHours(1),
        LastTick = TimeSpan.FromHours(8);

    /// <summary>Longer than every hold and every window of the policy.</summary>
    private static readonly TimeSpan UntilAllIsOver = TimeSpan.FromHours(76);

    private readonly Story story;
    private readonly SimulatedWorld world;
    private readonly Checker checker;
    private readonly PeopleAtWork people;
    private readonly StringBuilder trace = new();
    private readonly Dictionary<string, long> read = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AlertDraft> drafts = [];
    private DateTimeOffset busyUntil;
    private bool reading;

    private Simulation(Story story, SimulatedWorld world)
    {
        (this.story, this.world) = (story, world);
        checker = new Checker(() => world.Clock.GetUtcNow(), () => world.Steps, (m, p) => world.Trouble.Hits(m, p));
        people = new PeopleAtWork(world, checker, Note);
        world.Seen = Seen;
        world.Stepped = () => { };
        world.FindDraft = mark => drafts.GetValueOrDefault(mark);
    }

    /// <summary>Plays a story to its end, or until a rule is broken.</summary>
    /// <param name="stopAt">The rule, as <see cref="Violation.Id"/>; null: to the end.</param>
    public static async Task<SimulationResult> RunAsync(Story story, string? stopAt = null)
    {
        var world = await SimulatedWorld.CreateAsync(story.Seed);
        await using var simulation = new Simulation(story, world);
        try
        {
            return await simulation.PlayAsync(stopAt);
        }
#pragma warning disable CA1031 // Whatever escapes: the seed that shows it must be told, and other seeds go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            simulation.checker.Violations.Add(
                new Violation("S10", "escaped", world.Clock.GetUtcNow(), world.Steps, $"{e.GetType().Name} escaped: {e.Message}")
            );
            simulation.trace.AppendLine(e.ToString());
            return simulation.Result();
        }
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    private async Task<SimulationResult> PlayAsync(string? stopAt)
    {
        foreach (var (id, mail) in world.Mails)
            checker.Knows(id, mail);
        foreach (var item in story.Items.OfType<AlertItem>())
            drafts[item.Draft.Mark] = item.Draft;
        for (var i = 0; i < story.Items.Count; i++)
        {
            var item = story.Items[i];
            await PassAsync(world.Start + item.At);
            if (checker.Violations.Exists(v => v.Id == stopAt))
                return Result();
            Note($"** {item}");
            busyUntil = world.Clock.GetUtcNow() + TimeSpan.FromHours(1);
            await DoAsync(item);
            // Two people who click at the same moment: the second is heard before the pipeline has done anything.
            while (item is PersonItem && i + 1 < story.Items.Count && story.Items[i + 1] is PersonItem next && next.At == item.At)
            {
                Note($"** {next}");
                await DoAsync(story.Items[++i]);
            }
            await SettleAsync();
        }
        await PassAsync(world.Start + story.Length);
        if (checker.Violations.Exists(v => v.Id == stopAt))
            return Result();
        world.Trouble.End();
        world.Policy = PolicyVariant.Usual;
        checker.Policy(PolicyVariant.Usual);
        await people.StopAsync(engage: false, "Alex");
        await PassAsync(world.Clock.GetUtcNow() + UntilAllIsOver);
        await EndAsync();
        return Result();
    }

    private SimulationResult Result() =>
        new(
            story,
            [.. checker.Violations],
            world.Trouble.Injected,
            world.Steps,
            checker.Effects,
            world.Deaths,
            checker.UndoneAfter,
            trace.ToString()
        );

    private async Task DoAsync(StoryItem item)
    {
        switch (item)
        {
            case AlertItem alert:
                checker.Sent(alert.Draft);
                await world.SendAsync(alert.Draft.Bytes(), Checker.MessageId(alert.Draft));
                break;
            case PersonItem person:
                await people.AnswerAsync(person);
                break;
            case ServiceItem service:
                world.Trouble.Begin(service);
                break;
            case StorageItem storage:
                world.Trouble.Begin(storage);
                break;
            case CrashItem crash:
                world.Trouble.Begin(crash);
                break;
            case TwiceItem twice:
                world.Trouble.Begin(twice);
                break;
            case JumpItem jump:
                world.Trouble.Count("jump");
                world.Clock.Advance(jump.By);
                break;
            case OutsideItem outside:
                world.Trouble.Count("outside");
                await Outsiders.ActAsync(world, outside);
                break;
            case StopItem stop:
                world.Trouble.Count("stop");
                await people.StopAsync(stop.Engage, stop.Who);
                break;
            case PolicyItem policy:
                world.Trouble.Count("policy");
                world.Policy = policy.Variant;
                checker.Policy(policy.Variant);
                break;
            case EventItem again:
                await world.RaiseAgainAsync(again.Last);
                break;
        }
    }

    /// <summary>Lets time pass, stopping at all that falls due.</summary>
    private async Task PassAsync(DateTimeOffset until)
    {
        while (true)
        {
            await SettleAsync();
            var now = world.Clock.GetUtcNow();
            if (now >= until)
                return;
            var tick =
                now < busyUntil ? Tick
                : now < world.Start + story.Length ? LongTick
                : LastTick;
            var next = new DateTimeOffset((now.UtcTicks / tick.Ticks + 1) * tick.Ticks, TimeSpan.Zero);
            if (world.NextDue() is { } due && due < next)
                next = due > now ? due : now;
            world.Clock.AdvanceTo(next < until ? next : until);
        }
    }

    private async Task SettleAsync()
    {
        await world.SettleAsync();
        ReadRecord();
        await ReadRequestsAsync();
        checker.Quiet();
    }
}
