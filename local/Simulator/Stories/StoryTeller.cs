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

    /// <summary>When alerts come that are about accounts.</summary>
    private readonly List<TimeSpan> accounts = [];

    /// <summary>When something happens by itself or through people: faults at other times hit nothing.</summary>
    private readonly List<TimeSpan> moments = [];

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
            if (draft.Things.Any(t => t.Kind == NamedKind.Account))
                accounts.Add(at);
            People(at, draft.Mark);
            Pressure(at, draft);
        }
        moments.AddRange(times);
        // Holds end by themselves after one hour or two.
        moments.AddRange(times.Select(t => t + TimeSpan.FromHours(2)).ToList());
        Services();
        Machines();
        World();
        // Last, so that they move nothing else.
        foreach (var (at, draft) in alerts.Life)
            Add(at, n => new AlertItem(n, at, draft));
        var order = Enumerable.Range(0, drawn.Count).OrderBy(i => times[i]).ThenBy(i => i).ToList();
        return new Story(seed, options, length, [.. order.Select((index, place) => drawn[index](place + 1))]);
    }

    private SeededRandom Stream(string name) => new(seed, name);

    /// <summary>Mostly shortly before something happens.</summary>
    private TimeSpan Moment(SeededRandom random)
    {
        var (anywhere, one, before) = (
            random.Span(TimeSpan.Zero, length),
            random.Next(1_000_000),
            random.Span(TimeSpan.Zero, TimeSpan.FromSeconds(90))
        );
        if (moments.Count == 0 || random.Chance(0.15))
            return anywhere;
        var at = moments[one % moments.Count] - before;
        return at > TimeSpan.Zero ? at : TimeSpan.Zero;
    }

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
            var at = alert + random.Span(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(32));
            var who = options.Has("people") ? random.Pick(Cast.People).Name : "Alex";
            var verb =
                random.Chance(0.66) || !options.Has("people") ? PersonVerb.Approve
                : random.Chance(0.6) ? PersonVerb.Deny
                : PersonVerb.Withdraw;
            var (pick, times, twins) = (random.Next(3), random.Chance(0.1) ? 2 : 1, random.Chance(0.3));
            Add(at, n => new PersonItem(n, at, who, verb, pick, 0, times));
            // Somebody else at the same moment, or the same person by another account.
            var sibling = Cast.People.FirstOrDefault(p => p.Name != who && p.Human == Cast.Person(who).Human)?.Name;
            var other = random.Pick(Cast.People).Name;
            if (random.Chance(0.6) && sibling is not null)
                other = sibling;
            if (twins && options.Has("people"))
                Add(at, n => new PersonItem(n, at, other, PersonVerb.Approve, pick, 0, 1));
        }
        for (var count = random.Between(0, 2); count > 0; count--)
        {
            var at = alert + random.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(150));
            var who = options.Has("people") ? random.Pick(Cast.People).Name : "Alex";
            var verb =
                random.Chance(0.6) ? PersonVerb.Release
                : random.Chance(0.5) ? PersonVerb.Confirm
                : PersonVerb.Extend;
            var (pick, hours, times) = (random.Next(3), random.Between(1, 4), random.Chance(0.1) ? 2 : 1);
            Add(at, n => new PersonItem(n, at, who, verb, pick, hours, times));
        }
    }

    /// <summary>
    /// An approval while the service that carries it out is in trouble, and a release before it is well again: where effects outlive their
    /// holds, it is there.
    /// </summary>
    private void Pressure(TimeSpan alert, AlertDraft draft)
    {
        var random = Stream($"pressure {draft.Mark}");
        if (!random.Chance(0.2) || draft.Things.Count == 0)
            return;
        var at = alert + random.Span(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10));
        var service = draft.Things[0].Kind switch
        {
            NamedKind.Account => "graph/users",
            NamedKind.Mail => "graph/mail",
            NamedKind.Address => random.Chance(0.5) ? "arm" : "connector",
            _ => "connector",
        };
        var fault = random.Pick([
            ServiceFault.Throttle,
            ServiceFault.Throttle,
            ServiceFault.Fail,
            ServiceFault.ActLate,
            ServiceFault.ActLate,
            ServiceFault.LoseAnswer,
        ]);
        var lasts = random.Chance(0.5)
            ? random.Span(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(5))
            : random.Span(TimeSpan.FromMinutes(5), TimeSpan.FromHours(3));
        var most = fault is ServiceFault.Throttle or ServiceFault.Fail ? int.MaxValue : 1;
        var seconds = random.Between(20, 900);
        var kind = new ServiceItem(0, default, fault, "", default, false, 0, 0).Kind;
        // Half of them before the effect, half between the effect and its undo.
        var begins = random.Chance(0.6) ? at - TimeSpan.FromSeconds(5) : at + TimeSpan.FromSeconds(5);
        var release = at + random.Span(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(20));
        var who = random.Pick(["Alex", "Sam", "Morgan"]);
        Add(at, n => new PersonItem(n, at, "Sam", PersonVerb.Approve, 0, 0, 1));
        if (options.Has(kind))
            Add(begins, n => new ServiceItem(n, begins, fault, service, lasts, true, seconds, most));
        Add(release, n => new PersonItem(n, release, who, PersonVerb.Release, 0, 0, 1));
    }

    /// <summary>
    /// While people are asked about an account the policy forbids what they are asked about, and they approve it after that.
    /// </summary>
    private TimeSpan Forbid(SeededRandom random)
    {
        var at = random.Pick(accounts) + random.Span(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(3));
        var approved = at + random.Span(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(11));
        var who = random.Pick(["Alex", "Robin"]);
        Add(approved, n => new PersonItem(n, approved, who, PersonVerb.Approve, 0, 0, 1));
        return at;
    }

    private static readonly string[] ServiceNames =
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
                var at = Moment(random);
                var service = random.Pick(ServiceNames);
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
            var (at, place, skip) = (Moment(random), random.Pick(Enum.GetValues<CrashPlace>()), random.Next(6));
            if (options.Has("crash"))
                Add(at, n => new CrashItem(n, at, place, skip));
        }
        random = Stream("twice");
        for (var count = random.Chance(0.4) ? random.Between(1, 3) : 0; count > 0; count--)
        {
            var (at, activity, park) = (Moment(random), random.Pick(Activities), random.Next(4));
            if (options.Has("twice"))
                Add(at, n => new TwiceItem(n, at, activity, park));
        }
        random = Stream("storage");
        for (var count = random.Chance(0.3) ? 1 : 0; count > 0; count--)
        {
            var (at, store, lasts) = (Moment(random), random.Chance(0.4), random.Span(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10)));
            if (options.Has("storage"))
                Add(at, n => new StorageItem(n, at, store, lasts));
        }
        random = Stream("jump");
        for (var count = random.Chance(0.3) ? 1 : 0; count > 0; count--)
        {
            var (at, by) = (Moment(random), random.Span(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1)));
            if (options.Has("jump"))
                Add(at, n => new JumpItem(n, at, by));
        }
        random = Stream("events");
        for (var count = random.Chance(0.3) ? 2 : 0; count > 0; count--)
        {
            var (at, last) = (Moment(random), random.Between(1, 4));
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
            var (at, verb, pick) = (Moment(random), random.Pick(verbs), random.Next(20));
            if (options.Has("outside"))
                Add(at, n => new OutsideItem(n, at, verb, pick));
        }
        random = Stream("stop");
        if (random.Chance(0.25))
        {
            var (at, lifted) = (Moment(random), random.Span(TimeSpan.FromMinutes(2), TimeSpan.FromHours(2)));
            if (options.Has("stop"))
            {
                Add(at, n => new StopItem(n, at, true, "Morgan"));
                Add(at + lifted, n => new StopItem(n, at + lifted, false, "Alex"));
            }
        }
        if (alerts.FloodOfTenants is { } flood && options.Has("policy"))
        {
            // A small budget shows at once whether every tenant that an alert claims to be of has one of its own.
            var before = flood - TimeSpan.FromMinutes(15) > TimeSpan.Zero ? flood - TimeSpan.FromMinutes(15) : TimeSpan.Zero;
            Add(before, n => new PolicyItem(n, before, PolicyVariant.SmallBudgets));
            return;
        }
        random = Stream("policy");
        if (random.Chance(0.25))
        {
            var (at, back) = (Moment(random), random.Span(TimeSpan.FromMinutes(15), TimeSpan.FromHours(4)));
            var variant = random.Pick([PolicyVariant.NoDisabling, PolicyVariant.SmallBudgets, PolicyVariant.Broken]);
            if (variant == PolicyVariant.NoDisabling && accounts.Count > 0)
                at = Forbid(random);
            if (options.Has("policy"))
            {
                Add(at, n => new PolicyItem(n, at, variant));
                Add(at + back, n => new PolicyItem(n, at + back, PolicyVariant.Usual));
            }
        }
    }
}
