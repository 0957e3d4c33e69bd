namespace IRFunctions.Local.Simulator.Checking;

/// <summary>Something in the tenant that the pipeline can change, as the checker knows it.</summary>
internal sealed class Thing(string key)
{
    /// <summary>"account:{id}", "watch:{address}", "mail:{message id}", "connector:{key}".</summary>
    public string Key => key;

    /// <summary>The pipeline changed it, nobody else changed it since, and it was not put back.</summary>
    public bool Ours { get; set; }

    /// <summary>When it became ours.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>The containments that may hold it: action and target.</summary>
    public IReadOnlyList<(string Action, string Target)> Holders { get; set; } = [];

    /// <summary>When a request about it was last answered as a service should, while writes to it would be, too.</summary>
    public DateTimeOffset? Answered { get; set; }

    /// <summary>When somebody last asked about it at all.</summary>
    public DateTimeOffset Asked { get; set; }

    /// <summary>The folder a message came from.</summary>
    public string From { get; set; } = "";

    public bool Reported { get; set; }
}

/// <summary>One incident's claim on a containment, as the record tells it.</summary>
internal sealed class HoldModel(string incident, DateTimeOffset since, DateTimeOffset until)
{
    public string Incident => incident;

    public DateTimeOffset Since => since;

    public DateTimeOffset Until { get; set; } = until;
}

/// <summary>One action on one target.</summary>
internal sealed class ContainmentModel(string action, string target)
{
    public string Action => action;

    public string Target => target;

    public List<HoldModel> Holds { get; } = [];

    /// <summary>A person keeps it.</summary>
    public bool Confirmed { get; set; }

    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>When the last hold ended by release or failure; the end of a timer is in the holds.</summary>
    public DateTimeOffset Ended { get; set; }

    /// <summary>Entries since it was last undone.</summary>
    public bool Executing { get; set; }

    public bool Captured { get; set; }

    public bool Registered { get; set; }

    public bool Undoing { get; set; }

    public bool IsHeldAt(DateTimeOffset now) => Confirmed || Holds.Any(h => h.Until > now);

    /// <summary>When it stopped being held, by what is known now.</summary>
    public DateTimeOffset EndOfHolds() =>
        Holds.Count == 0 ? Ended
        : Holds.Max(h => h.Until) is var last && last > Ended ? last
        : Ended;
}

/// <summary>One person's vote on a request.</summary>
internal sealed record VoteModel(string Who, string Verb, DateTimeOffset At, bool Certain);

/// <summary>A question to people, as its list shows it.</summary>
internal sealed class RequestModel(string id, string action, string target, int quorum, DateTimeOffset askedAt, DateTimeOffset deadline)
{
    public string Id => id;

    /// <summary>The policy under which it is asked.</summary>
    public string Policy { get; init; } = "";

    public string Action => action;

    public string Target => target;

    public int Quorum => quorum;

    public DateTimeOffset AskedAt => askedAt;

    public DateTimeOffset Deadline => deadline;

    public List<VoteModel> Votes { get; } = [];

    /// <summary>It is on the list of what waits.</summary>
    public bool Waits { get; set; }
}

/// <summary>A request that ended as "expired" or "withdrawn", as the record says.</summary>
internal sealed record Unanswered(string Kind, string Chain, string Action, DateTimeOffset At, string Text);

/// <summary>Forward effects that nobody approved, for the budgets.</summary>
internal sealed record Spent(DateTimeOffset At, string Action, string Target);
