namespace IRFunctions.Local.Simulator.Stories;

/// <summary>
/// Draws a story from a seed. Each kind of thing has a stream of its own, and each thing its own numbers, so that neither options nor
/// dropping one moves another.
/// </summary>
internal sealed class StoryTeller
{
    private readonly long seed;
    private readonly StoryOptions options;
    private readonly TimeSpan length;
    private readonly List<Func<int, StoryItem>> drawn = [];
    private readonly List<TimeSpan> times = [];
    private readonly AlertTeller alerts;

    private StoryTeller(long seed, StoryOptions options)
    {
        (this.seed, this.options) = (seed, options);
        var random = Stream("length");
        length = options.Hours is { } hours ? TimeSpan.FromHours(hours) : TimeSpan.FromHours(random.Between(3, 12));
        alerts = new AlertTeller(seed, options);
    }

    public static Story Tell(long seed, StoryOptions? options = null) => new StoryTeller(seed, options ?? new StoryOptions()).Tell();

    private Story Tell()
    {
        foreach (var (at, draft) in alerts.Tell(length))
        {
            Add(at, n => new AlertItem(n, at, draft));
            People(at, draft.Mark);
        }
        Services();
        Machines();
        World();
        var order = Enumerable.Range(0, drawn.Count).OrderBy(i => times[i]).ThenBy(i => i).ToList();
        return new Story(seed, options, length, [.. order.Select((index, place) => drawn[index](place + 1))]);
    }

    private SeededRandom Stream(string name) => new(seed, name);

    private void Add(TimeSpan at, Func<int, StoryItem> item)
    {
        times.Add(at);
        drawn.Add(item);
    }

    /// <summary>People usually act a few minutes after an alert; mostly as they should, sometimes wrongly or hostile.</summary>
    private void People(TimeSpan alert, int mark)
    {
        var random = Stream($"people {mark}");
        for (var count = random.Between(0, 3); count > 0; count--)
        {
            var at = alert + random.Span(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(28));
            var who = options.Has("people") ? random.Pick(Cast.People).Name : "Alex";
            var verb =
                random.Chance(0.72) || !options.Has("people") ? PersonVerb.Approve
                : random.Chance(0.6) ? PersonVerb.Deny
                : PersonVerb.Withdraw;
            var (pick, times, twins) = (random.Next(3), random.Chance(0.1) ? 2 : 1, random.Chance(0.3));
            Add(at, n => new PersonItem(n, at, who, verb, pick, 0, times));
            // Somebody else at the same moment.
            var other = random.Pick(Cast.People).Name;
            if (twins && options.Has("people"))
                Add(at, n => new PersonItem(n, at, other, PersonVerb.Approve, pick, 0, 1));
        }
        for (var count = random.Between(0, 2); count > 0; count--)
        {
            var at = alert + random.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(150));
            var who = options.Has("people") ? random.Pick(Cast.People).Name : "Alex";
            var verb = random.Chance(0.6) ? PersonVerb.Release : random.Chance(0.5) ? PersonVerb.Confirm : PersonVerb.Extend;
            var (pick, hours, times) = (random.Next(3), random.Between(1, 4), random.Chance(0.1) ? 2 : 1);
            Add(at, n => new PersonItem(n, at, who, verb, pick, hours, times));
        }
    }

    private static readonly string[] Services_ =
    [
        "graph/users",
        "graph/users",
        "graph/users",
        "graph/mail",
        "graph",
        "arm",
        "connector",
        "itsm",
        "pager",
    ];

    private void Services()
    {
        foreach (var fault in Enum.GetValues<ServiceFault>())
        {
            var random = Stream($"service {fault}");
            var kind = new ServiceItem(0, default, fault, "", default, false, 0, 0).Kind;
            for (var count = random.Chance(0.45) ? random.Between(1, 2) : 0; count > 0; count--)
            {
                var at = random.Span(TimeSpan.Zero, length);
                var service = random.Pick(Services_);
                var lasts = fault switch
                {
                    ServiceFault.Throttle => random.Chance(0.3)
                        ? random.Span(TimeSpan.FromMinutes(20), TimeSpan.FromHours(3))
                        : random.Span(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(20)),
                    ServiceFault.Fail => random.Span(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(90)),
                    _ => random.Span(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(30)),
                };
                var writes = random.Chance(0.6);
                var seconds = fault == ServiceFault.ActLate ? random.Between(20, 900) : random.Between(1, 25);
                var most = random.Chance(0.5) ? int.MaxValue : random.Between(1, 4);
                if (fault is ServiceFault.Lie or ServiceFault.LoseAnswer or ServiceFault.ActLate)
                    (writes, most) = (true, random.Between(1, 3));
                if (options.Has(kind))
                    Add(at, n => new ServiceItem(n, at, fault, service, lasts, writes, seconds, most));
            }
        }
    }

    private static readonly string[] Activities = ["Execute", "UndoEffect", "Classify", "Decide", "OpenTicket", "CloseApproval", "Prepare"];

    private void Machines()
    {
        var random = Stream("crash");
        for (var count = random.Chance(0.5) ? random.Between(1, 3) : 0; count > 0; count--)
        {
            var (at, place, skip) = (random.Span(TimeSpan.Zero, length), random.Pick(Enum.GetValues<CrashPlace>()), random.Next(12));
            if (options.Has("crash"))
                Add(at, n => new CrashItem(n, at, place, skip));
        }
        random = Stream("twice");
        for (var count = random.Chance(0.4) ? random.Between(1, 3) : 0; count > 0; count--)
        {
            var (at, activity, park) = (random.Span(TimeSpan.Zero, length), random.Pick(Activities), random.Next(4));
            if (options.Has("twice"))
                Add(at, n => new TwiceItem(n, at, activity, park));
        }
        random = Stream("storage");
        for (var count = random.Chance(0.3) ? 1 : 0; count > 0; count--)
        {
            var (at, store, lasts) = (
                random.Span(TimeSpan.Zero, length),
                random.Chance(0.4),
                random.Span(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10))
            );
            if (options.Has("storage"))
                Add(at, n => new StorageItem(n, at, store, lasts));
        }
        random = Stream("jump");
        for (var count = random.Chance(0.3) ? 1 : 0; count > 0; count--)
        {
            var (at, by) = (random.Span(TimeSpan.Zero, length), random.Span(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1)));
            if (options.Has("jump"))
                Add(at, n => new JumpItem(n, at, by));
        }
        random = Stream("events");
        for (var count = random.Chance(0.3) ? 2 : 0; count > 0; count--)
        {
            var (at, last) = (random.Span(TimeSpan.Zero, length), random.Between(1, 4));
            if (options.Has("events"))
                Add(at, n => new EventItem(n, at, last));
        }
    }

    private void World()
    {
        var random = Stream("outside");
        OutsideVerb[] verbs =
        [
            OutsideVerb.EnableAccount,
            OutsideVerb.EnableAccount,
            OutsideVerb.DisableAccount,
            OutsideVerb.MoveMailBack,
            OutsideVerb.TakeOffWatchlist,
            OutsideVerb.PutOnWatchlist,
        ];
        for (var count = random.Chance(0.5) ? random.Between(1, 3) : 0; count > 0; count--)
        {
            var (at, verb, pick) = (random.Span(TimeSpan.Zero, length), random.Pick(verbs), random.Next(20));
            if (options.Has("outside"))
                Add(at, n => new OutsideItem(n, at, verb, pick));
        }
        random = Stream("stop");
        if (random.Chance(0.25))
        {
            var (at, lifted) = (random.Span(TimeSpan.Zero, length), random.Span(TimeSpan.FromMinutes(2), TimeSpan.FromHours(2)));
            if (options.Has("stop"))
            {
                Add(at, n => new StopItem(n, at, true, "Morgan"));
                Add(at + lifted, n => new StopItem(n, at + lifted, false, "Alex"));
            }
        }
        random = Stream("policy");
        if (random.Chance(0.25))
        {
            var (at, back) = (random.Span(TimeSpan.Zero, length), random.Span(TimeSpan.FromMinutes(15), TimeSpan.FromHours(4)));
            var variant = random.Pick([PolicyVariant.NoDisabling, PolicyVariant.SmallBudgets, PolicyVariant.Broken]);
            if (options.Has("policy"))
            {
                Add(at, n => new PolicyItem(n, at, variant));
                Add(at + back, n => new PolicyItem(n, at + back, PolicyVariant.Usual));
            }
        }
    }
}
