namespace IRFunctions.Local.Tenant;

/// <summary>One accepted write.</summary>
/// <param name="Sequence">1, 2, 3, ... since the tenant was created.</param>
/// <param name="At">When, by the tenant's clock.</param>
/// <param name="Effect">What was done: "user.update", "user.revokeSessions", "namedLocation.create", "message.move", "watchlistItem.put",
/// "ticket.create", "page.trigger", ...</param>
/// <param name="Target">Id of what it was done to.</param>
/// <param name="Detail">The request's body, or what is worth knowing.</param>
/// <param name="Changed">False where the request was accepted and the state was so already.</param>
public sealed record TenantEffect(long Sequence, DateTimeOffset At, string Effect, string Target, string Detail, bool Changed);

/// <summary>Every accepted write, oldest first: what tests count to show that nothing happened twice.</summary>
public sealed class TenantJournal
{
    private readonly Lock gate = new();
    private readonly Queue<TenantEffect> entries = new();

    /// <summary>Entries kept in memory; older ones are forgotten (on disk they stay).</summary>
    public int Capacity { get; init; } = 1_000_000;

    /// <summary>Writes since the tenant was created.</summary>
    public long Count
    {
        get
        {
            lock (gate)
                return Last;
        }
    }

    /// <summary>A copy of what is kept.</summary>
    public IReadOnlyList<TenantEffect> Entries
    {
        get
        {
            lock (gate)
                return [.. entries];
        }
    }

    internal long Last { get; private set; }

    /// <summary>Kept entries of one effect, and where given of one target.</summary>
    public IReadOnlyList<TenantEffect> Of(string effect, string? target = null) =>
        [.. Entries.Where(e => e.Effect == effect && (target is null || e.Target == target))];

    internal void Add(TenantEffect entry)
    {
        lock (gate)
        {
            entries.Enqueue(entry);
            if (entries.Count > Capacity)
                entries.Dequeue();
            Last = entry.Sequence;
        }
    }
}
