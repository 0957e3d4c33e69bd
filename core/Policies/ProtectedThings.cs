using System.Collections.Frozen;

namespace IRFunctions.Policies;

/// <summary>
/// Registrations or exceptions, found by hash: ids by their key, ranges by prefix. An id is looked up without its kind where it is a GUID
/// or an address of its own, so that the mailbox of a protected account is as protected as the account.
/// </summary>
internal sealed class ProtectedThings<T>
    where T : class
{
    private readonly IdFilter _filter;
    private readonly FrozenDictionary<string, T[]> _byId;
    private readonly FrozenDictionary<string, T[]> _byHostLabel;
    private readonly AddressRanges<T> _byRange;

    public ProtectedThings(IEnumerable<T> items, Func<T, string> kindOf, Func<T, string> idOf)
    {
        var ids = new Dictionary<string, List<T>>(StringComparer.OrdinalIgnoreCase);
        var labels = new List<(string Label, T Item)>();
        var ranges = new List<(AddressRange, T)>();
        foreach (var item in items)
        {
            if (kindOf(item) is "range" or "ip")
                ranges.Add((RangeOf(idOf(item)), item));
            else if (ids.TryGetValue(HostNames.Plain(idOf(item)), out var same))
                same.Add(item);
            else
                ids[HostNames.Plain(idOf(item))] = [item];
            if (kindOf(item) == "host" && HostNames.LabelOf(idOf(item)) is { } label)
                labels.Add((label, item));
        }

        _byId = ids.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.OrdinalIgnoreCase);
        _byHostLabel = labels
            .GroupBy(pair => pair.Label, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(group => group.Key, group => group.Select(pair => pair.Item).ToArray(), StringComparer.OrdinalIgnoreCase);
        _filter = new IdFilter(ids.Keys);
        _byRange = new AddressRanges<T>(ranges);
    }

    /// <summary>Adds what is registered under this id.</summary>
    public void FindId(string? id, ref List<T>? found)
    {
        if (id is not null && _filter.MayHold(id) && _byId.TryGetValue(id, out var items))
            foreach (var item in items)
                if (found is null || !found.Contains(item))
                    (found ??= []).Add(item);
    }

    /// <summary>Adds hosts that are registered by a full name which begins with this one.</summary>
    public void FindHostLabel(string label, ref List<T>? found)
    {
        if (_byHostLabel.TryGetValue(label, out var items))
            foreach (var item in items)
                if (found is null || !found.Contains(item))
                    (found ??= []).Add(item);
    }

    /// <summary>
    /// Adds what is registered for this address or a range around it, and for the IPv4 address that an IPv6 one carries: traffic to it ends
    /// there.
    /// </summary>
    public void FindAddress(string address, ref List<T>? found)
    {
        if (AddressRange.Number(address) is not { } number)
            return;
        _byRange.Find(number, ref found);
        foreach (var carried in CarriedAddresses.Of(number))
        {
            List<T>? more = null;
            _byRange.Find(carried, ref more);
            foreach (var item in more ?? [])
                if (found is null || !found.Contains(item))
                    (found ??= []).Add(item);
        }
    }

    private static AddressRange RangeOf(string id) =>
        id.Contains('/', StringComparison.Ordinal)
            ? AddressRange.Parse(id) ?? throw new ArgumentException($"'{id}' is no address range", nameof(id))
            : new AddressRange(AddressRange.Number(id) ?? throw new ArgumentException($"'{id}' is no address", nameof(id)), 128);
}
