using System.Globalization;

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>One thing that happens from outside, drawn in advance. Leaving items out does not change the others.</summary>
/// <param name="Number">From 1, in the order of time as it was drawn; names the item on the command line (`--keep`).</param>
/// <param name="At">Since the beginning of the story.</param>
internal abstract record StoryItem(int Number, TimeSpan At)
{
    /// <summary>Name of its kind for `--faults` and for the counts.</summary>
    public abstract string Kind { get; }

    /// <summary>What happens, for a reader.</summary>
    public abstract string Words { get; }

    public sealed override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"[{Number}] {(int)At.TotalHours:00}:{At.Minutes:00}:{At.Seconds:00} {Words}");
}

/// <summary>A message is put on the queue.</summary>
internal sealed record AlertItem(int Number, TimeSpan At, AlertDraft Draft) : StoryItem(Number, At)
{
    public override string Kind => "alert";

    public override string Words => Draft.Words;
}

/// <summary>What a person does to a request or a containment.</summary>
internal enum PersonVerb
{
    Approve,
    Deny,
    Withdraw,
    Release,
    Confirm,
    Extend,
}

/// <summary>A person answers; which of the requests or containments there are then, <paramref name="Pick"/> says.</summary>
/// <param name="Who">Name in <see cref="Cast"/>.</param>
/// <param name="Pick">Counts from the newest; taken modulo how many there are.</param>
/// <param name="Times">How often the same click is sent.</param>
internal sealed record PersonItem(int Number, TimeSpan At, string Who, PersonVerb Verb, int Pick, double Hours, int Times)
    : StoryItem(Number, At)
{
    public override string Kind => "person";

    public override string Words =>
        $"{Who} {Verb.ToString().ToLowerInvariant()}s "
        + (Verb <= PersonVerb.Withdraw ? "a request" : "a containment")
        + (Verb == PersonVerb.Extend ? string.Create(CultureInfo.InvariantCulture, $" by {Hours} h") : "")
        + (Times > 1 ? $", {Times} times at once" : "")
        + (Pick > 0 ? $" (number {Pick} from the newest)" : "");
}

/// <summary>How a service outside misbehaves.</summary>
internal enum ServiceFault
{
    /// <summary>429 with Retry-After to the end of the fault.</summary>
    Throttle,

    /// <summary>503.</summary>
    Fail,

    /// <summary>Answers right, after seconds.</summary>
    Slow,

    /// <summary>200, and nothing was done.</summary>
    Lie,

    /// <summary>Acts, and the connection breaks before the answer.</summary>
    LoseAnswer,

    /// <summary>504 at once, and acts minutes later.</summary>
    ActLate,

    /// <summary>403, as where somebody took a permission away.</summary>
    Forbid,
}

/// <param name="Service">First segment of the path, with what follows: "graph/users", "graph", "arm", "connector", "itsm", "pager".</param>
/// <param name="For">How long it lasts.</param>
/// <param name="Writes">Only requests that change something.</param>
/// <param name="Seconds">Delay of a slow answer, or of a late act.</param>
/// <param name="Most">Requests it hits at most.</param>
internal sealed record ServiceItem(
    int Number,
    TimeSpan At,
    ServiceFault Fault,
    string Service,
    TimeSpan For,
    bool Writes,
    int Seconds,
    int Most
) : StoryItem(Number, At)
{
    public override string Kind =>
        Fault switch
        {
            ServiceFault.Throttle => "throttle",
            ServiceFault.Fail => "fail",
            ServiceFault.Slow => "slow",
            ServiceFault.Lie => "lie",
            ServiceFault.LoseAnswer => "lose-answer",
            ServiceFault.Forbid => "forbid",
            _ => "act-late",
        };

    public override string Words =>
        $"for {(int)For.TotalSeconds} s {Service} "
        + Fault switch
        {
            ServiceFault.Throttle => "throttles (429 with Retry-After to its end)",
            ServiceFault.Fail => "answers 503",
            ServiceFault.Slow => $"takes {Seconds} s to answer",
            ServiceFault.Lie => "answers 200 and does nothing",
            ServiceFault.LoseAnswer => "does what it is asked and loses the answer",
            ServiceFault.Forbid => "answers 403",
            _ => $"answers 504 and does what it was asked {Seconds} s later",
        }
        + (Writes ? " to writes" : "")
        + (Most < int.MaxValue ? $", {Most} times at most" : "");
}

/// <summary>Where the machine dies.</summary>
internal enum CrashPlace
{
    BeforeCommit,
    AfterCommit,
    AfterActivity,
    BeforeRequest,
    AfterRequest,
    BeforeTableWrite,
    AfterTableWrite,
}

/// <summary>The machine dies at such a moment, the n-th after its time; a new one starts on what was stored.</summary>
internal sealed record CrashItem(int Number, TimeSpan At, CrashPlace Place, int Skip) : StoryItem(Number, At)
{
    public override string Kind => "crash";

    public override string Words =>
        $"the machine dies {Place switch
        {
            CrashPlace.BeforeCommit => "before a step is stored",
            CrashPlace.AfterCommit => "after a step is stored",
            CrashPlace.AfterActivity => "after an activity, before its outcome is stored",
            CrashPlace.BeforeRequest => "before a request is sent",
            CrashPlace.AfterRequest => "after a request took effect, before its answer",
            CrashPlace.BeforeTableWrite => "before a row is written",
            _ => "after a row is written",
        }} ({Skip} such moments later)";
}

/// <summary>The next activity of that name runs twice at once, as after an expired lease on the real engine.</summary>
/// <param name="Park">The request at which the first run waits for the second to end.</param>
internal sealed record TwiceItem(int Number, TimeSpan At, string Activity, int Park) : StoryItem(Number, At)
{
    public override string Kind => "twice";

    public override string Words => $"the next activity {Activity} runs twice at once; the first run waits at its request {Park + 1}";
}

/// <summary>Storage refuses for a while.</summary>
/// <param name="Store">The engine's store; otherwise the tables.</param>
internal sealed record StorageItem(int Number, TimeSpan At, bool Store, TimeSpan For) : StoryItem(Number, At)
{
    public override string Kind => "storage";

    public override string Words => $"{(Store ? "the engine's store" : "the tables")} refuse writes for {(int)For.TotalSeconds} s";
}

/// <summary>The host stands still, or its clock jumps ahead.</summary>
internal sealed record JumpItem(int Number, TimeSpan At, TimeSpan By) : StoryItem(Number, At)
{
    public override string Kind => "jump";

    public override string Words => $"the clock jumps {(int)By.TotalSeconds} s ahead";
}

/// <summary>What somebody outside the pipeline does to the tenant.</summary>
internal enum OutsideVerb
{
    EnableAccount,
    DisableAccount,
    MoveMailBack,
    TakeOffWatchlist,
    PutOnWatchlist,
    LeaveGroup,
}

/// <param name="Pick">Which of the things there are; taken modulo how many.</param>
internal sealed record OutsideItem(int Number, TimeSpan At, OutsideVerb Verb, int Pick) : StoryItem(Number, At)
{
    public override string Kind => "outside";

    public override string Words =>
        Verb switch
        {
            OutsideVerb.EnableAccount => $"an owner enables account {Cast.Users[Pick % Cast.Users.Count].Name}",
            OutsideVerb.DisableAccount => $"another administrator disables account {Cast.Users[Pick % Cast.Users.Count].Name}",
            OutsideVerb.MoveMailBack => $"an owner moves message {Pick % Cast.Mails.Count} back to the inbox",
            OutsideVerb.TakeOffWatchlist => $"an analyst takes {Cast.Addresses[Pick % Cast.Addresses.Count]} off the watchlist",
            OutsideVerb.PutOnWatchlist => $"an analyst puts {Cast.Addresses[Pick % Cast.Addresses.Count]} on the watchlist",
            _ => "nobody",
        };
}

/// <summary>The red button.</summary>
internal sealed record StopItem(int Number, TimeSpan At, bool Engage, string Who) : StoryItem(Number, At)
{
    public override string Kind => "stop";

    public override string Words => $"{Who} {(Engage ? "engages" : "lifts")} the global stop";
}

/// <summary>The policy files change while incidents are under way.</summary>
internal sealed record PolicyItem(int Number, TimeSpan At, PolicyVariant Variant) : StoryItem(Number, At)
{
    public override string Kind => "policy";

    public override string Words =>
        Variant switch
        {
            PolicyVariant.NoDisabling => "the policy changes: disabling accounts becomes tier 3",
            PolicyVariant.SmallBudgets => "the policy changes: one action a minute in the whole tenant",
            PolicyVariant.Broken => "the policy files break",
            _ => "the policy is as it was",
        };
}

/// <summary>The latest events raised by people reach their orchestrations again, in the reverse order.</summary>
internal sealed record EventItem(int Number, TimeSpan At, int Last) : StoryItem(Number, At)
{
    public override string Kind => "events";

    public override string Words => $"the last {Last} external events are delivered again, the newest first";
}
