using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Time;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>This machine has died; whatever it was doing goes nowhere.</summary>
internal sealed class MachineDiedException : Exception
{
    public MachineDiedException()
        : base("The simulated machine has died.") { }
}

/// <summary>Storage refuses to write for now.</summary>
internal sealed class StorageDownException : Exception
{
    public StorageDownException()
        : base("The simulated storage is down.") { }
}

/// <summary>A fault of a service that is on, with the requests it may still hit.</summary>
internal sealed class ServiceTrouble(ServiceItem item, DateTimeOffset until)
{
    public ServiceItem Item => item;

    public DateTimeOffset Until => until;

    public int Left { get; set; } = item.Most;
}

/// <summary>What is going wrong now, and how often it went wrong: shared by all machines of a story.</summary>
internal sealed class Trouble(VirtualTimeProvider clock)
{
    private readonly List<ServiceTrouble> services = [];
    private readonly Dictionary<CrashPlace, Queue<int>> crashes = [];
    private readonly Dictionary<string, int> twice = new(StringComparer.Ordinal);
    private DateTimeOffset storeUntil,
        tablesUntil;

    /// <summary>Faults that took effect, by kind.</summary>
    public SortedDictionary<string, int> Injected { get; } = new(StringComparer.Ordinal);

    /// <summary>While true nothing goes wrong: the simulator itself is looking.</summary>
    public bool Silent { get; set; }

    public bool StoreIsDown => !Silent && clock.GetUtcNow() < storeUntil;

    public bool TablesAreDown => !Silent && clock.GetUtcNow() < tablesUntil;

    public void Count(string kind) => Injected[kind] = Injected.GetValueOrDefault(kind) + 1;

    public void Begin(ServiceItem item) => services.Add(new ServiceTrouble(item, clock.GetUtcNow() + item.For));

    public void Begin(StorageItem item)
    {
        var until = clock.GetUtcNow() + item.For;
        if (item.Store)
            storeUntil = until;
        else
            tablesUntil = until;
    }

    public void Begin(CrashItem item)
    {
        if (!crashes.TryGetValue(item.Place, out var waiting))
            crashes[item.Place] = waiting = new();
        waiting.Enqueue(item.Skip);
    }

    public void Begin(TwiceItem item) => twice[item.Activity] = item.Park;

    /// <summary>Everything is well from now on.</summary>
    public void End()
    {
        services.Clear();
        crashes.Clear();
        twice.Clear();
        storeUntil = tablesUntil = default;
    }

    /// <summary>The fault that hits this request, counted down; null where none does.</summary>
    public ServiceTrouble? Take(string method, string path)
    {
        if (Silent || Find(method, path) is not { } found)
            return null;
        found.Left--;
        Count(found.Item.Kind);
        return found;
    }

    /// <summary>Whether a request of this kind would be hit now.</summary>
    public bool Hits(string method, string path) => Find(method, path) is not null;

    /// <summary>At which request the first of two runs of this activity waits; null where it runs once.</summary>
    public int? TakeTwice(string activity)
    {
        if (Silent || !twice.Remove(activity, out var park))
            return null;
        Count("twice");
        return park;
    }

    /// <summary>Whether the machine dies at this moment.</summary>
    public bool Crashes(CrashPlace place)
    {
        if (Silent || !crashes.TryGetValue(place, out var waiting) || !waiting.TryPeek(out var left))
            return false;
        waiting.Dequeue();
        if (left == 0)
        {
            Count("crash");
            return true;
        }
        // The one at the front counts down; those behind it wait for their turn.
        var rest = waiting.ToArray();
        waiting.Clear();
        waiting.Enqueue(left - 1);
        foreach (var one in rest)
            waiting.Enqueue(one);
        return false;
    }

    private ServiceTrouble? Find(string method, string path)
    {
        var now = clock.GetUtcNow();
        services.RemoveAll(s => s.Until <= now || s.Left <= 0);
        return services.Find(s => Matches(s.Item, method, path));
    }

    private static bool Matches(ServiceItem item, string method, string path)
    {
        if (item.Writes && IsRead(method, path))
            return false;
        return item.Service switch
        {
            "graph/users" => path.Contains("/graph/v1.0/users/", StringComparison.Ordinal)
                && !path.Contains("/messages", StringComparison.Ordinal)
                && !path.Contains("/mailFolders", StringComparison.Ordinal),
            "graph/mail" => path.Contains("/messages", StringComparison.Ordinal) || path.Contains("/mailFolders", StringComparison.Ordinal),
            var service => path.StartsWith($"/{service}", StringComparison.Ordinal),
        };
    }

    /// <summary>POSTs that only ask.</summary>
    private static bool IsRead(string method, string path) =>
        method == "GET"
        || path.EndsWith("unHuntingQuery", StringComparison.Ordinal)
        || path.EndsWith("MemberGroups", StringComparison.Ordinal);
}

/// <summary>The life of one machine: once dead, none of its requests, rows and steps gets anywhere.</summary>
internal sealed class Life(Trouble trouble)
{
    public bool IsDead { get; private set; }

    public Trouble Trouble => trouble;

    /// <exception cref="MachineDiedException">It is dead.</exception>
    public void Require()
    {
        if (IsDead && !trouble.Silent)
            throw new MachineDiedException();
    }

    /// <exception cref="MachineDiedException">It is dead, or dies now.</exception>
    public void Moment(CrashPlace place)
    {
        Require();
        if (!trouble.Crashes(place))
            return;
        IsDead = true;
        throw new MachineDiedException();
    }
}
