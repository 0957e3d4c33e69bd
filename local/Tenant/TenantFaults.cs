using System.IO.Enumeration;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.Tenant;

/// <summary>How a request to the tenant goes wrong.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
public enum FaultKind
{
    /// <summary>429 with Retry-After; nothing happens.</summary>
    Throttle,

    /// <summary>503; nothing happens.</summary>
    Unavailable,

    /// <summary>500; nothing happens.</summary>
    Error,

    /// <summary>403 as for a missing permission; nothing happens.</summary>
    Forbid,

    /// <summary>404 as from a system that has no such address; nothing happens.</summary>
    Absent,

    /// <summary>The request works, later.</summary>
    Slow,

    /// <summary>The request works and the connection breaks before the answer.</summary>
    LoseAnswer,

    /// <summary>503 at once; what was asked for happens all the same, later.</summary>
    ActLate,
}

/// <summary>One planned fault.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Path">Path pattern, where * stands for anything: "/graph/v1.0/users/*".</param>
/// <param name="Method">Only this method; null for every one.</param>
/// <param name="Count">For how many requests; null until cleared.</param>
/// <param name="Seconds">Retry-After of a throttled request, delay of a slow or a late one.</param>
/// <param name="AsDate">Retry-After is the date that many seconds from now, which RFC 9110 allows as well.</param>
public sealed record Fault(
    FaultKind Kind,
    string Path = "*",
    string? Method = null,
    int? Count = null,
    double Seconds = 1,
    bool AsDate = false
);

/// <summary>The faults planned for the tenant, in order: the first that matches a request applies to it.</summary>
public sealed class TenantFaults
{
    private readonly Lock gate = new();
    private readonly List<(Fault Fault, int Left)> planned = [];
    private volatile bool any;

    /// <summary>Faults that still have requests to hit, with how many are left in <see cref="Fault.Count"/>.</summary>
    public IReadOnlyList<Fault> Planned
    {
        get
        {
            lock (gate)
                return [.. planned.Select(p => p.Fault.Count is null ? p.Fault : p.Fault with { Count = p.Left })];
        }
    }

    /// <exception cref="ArgumentException">The fault could never apply, or not end.</exception>
    public void Add(Fault fault)
    {
        if (fault.Count is < 1)
            throw new ArgumentException("A fault's count is at least 1.", nameof(fault));
        if (!double.IsFinite(fault.Seconds) || fault.Seconds is < 0 or > 86_400)
            throw new ArgumentException("A fault's seconds are 0 to 86400.", nameof(fault));
        if (string.IsNullOrWhiteSpace(fault.Path))
            throw new ArgumentException("A fault has a path pattern.", nameof(fault));
        lock (gate)
        {
            planned.Add((fault, fault.Count ?? int.MaxValue));
            any = true;
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            planned.Clear();
            any = false;
        }
    }

    /// <summary>The fault for this request, counted down; null for none.</summary>
    internal Fault? Take(string method, string path)
    {
        if (!any)
            return null;
        lock (gate)
        {
            var i = planned.FindIndex(p =>
                (p.Fault.Method is null || p.Fault.Method.Equals(method, StringComparison.OrdinalIgnoreCase))
                && FileSystemName.MatchesSimpleExpression(p.Fault.Path, path)
            );
            if (i < 0)
                return null;
            var (fault, left) = planned[i];
            if (fault.Count is null)
                return fault;
            if (left == 1)
                planned.RemoveAt(i);
            else
                planned[i] = (fault, left - 1);
            any = planned.Count > 0;
            return fault;
        }
    }
}
