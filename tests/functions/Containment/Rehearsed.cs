using IRFunctions.Health;
using Xunit.Sdk;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// What two rehearsals of one action, at different times and for different incidents, have in common: how its effect is seen from outside,
/// which requests carry it, and how somebody else takes it away or makes it.
/// </summary>
internal sealed class Rehearsed
{
    private readonly Rehearsal first;

    /// <summary>Values that tell whether the effect is there, and what they are then.</summary>
    private readonly Dictionary<Leaf, string?> steady;

    /// <summary>All that it changes, among it moments and ids that are others each time.</summary>
    private readonly HashSet<Leaf> changed;

    private Rehearsed(string action, Rehearsal first, Rehearsal second)
    {
        this.first = first;
        changed = [.. first.Changed];
        var marks = first.Marks.Concat(second.Marks).ToList();
        steady = first
            .Changed.Intersect(second.Changed)
            .Where(l => first.After.Of(l) == second.After.Of(l))
            .Where(l => first.After.Of(l) is not { } value || !marks.Any(m => value.Contains(m, StringComparison.Ordinal)))
            .ToDictionary(l => l, first.After.Of);
        // New moments and version numbers are no second effect; a second thing, or another value, is.
        if (first.After.ChangesTo(first.Twice).Any(l => l.Path.Length == 0 || first.Twice.Of(l) == second.Twice.Of(l)))
            throw new XunitException($"{action}: a second Execute did it again; it reads before it writes.");
        Done = first.Executing.SelectMany(Effects).FirstOrDefault() ?? throw new XunitException($"{action}: Execute only tells of itself.");
        Undone = first.Undoing.SelectMany(Effects).FirstOrDefault() ?? "";
        Allowed = [.. first.Undoing.Concat(first.Looking).SelectMany(r => r.Effects)];
        Method = Carrier(first.Executing).Method;
        Path = Common(Carrier(first.Executing).Path, Carrier(second.Executing).Path);
        UndoMethod = first.Undoing.FirstOrDefault(r => r.Effects.Count > 0)?.Method ?? "";
        Systems =
        [
            .. first
                .Looking.Concat(first.Executing)
                .Concat(first.Undoing)
                .Select(r => r.Path.Split('/')[1])
                .Except(["itsm", "pager"])
                .Select(s => $"/{s}/*"),
        ];
        Permissions = [.. PermissionReport.NamesIn(first.Permission), .. first.Permission.Split(" or ")];
    }

    public string Done { get; }
    public string Undone { get; }

    /// <summary>What may still happen under the global stop: the way back, and what looking at it leaves behind (decision 0014).</summary>
    public HashSet<string> Allowed { get; }

    /// <summary>The request that carries the effect.</summary>
    public string Method { get; }
    public string Path { get; }
    public string UndoMethod { get; }

    /// <summary>Path patterns of the systems it speaks to.</summary>
    public IReadOnlyList<string> Systems { get; }

    /// <summary>What the error of a forbidden request may name.</summary>
    public IReadOnlyList<string> Permissions { get; }

    /// <summary>Whether one that is done is seen as so already by a later incident.</summary>
    public bool SeesThatItIsSo => first.SeesThatItIsSo;

    /// <summary>Whether what somebody else put back exactly as it was counts as undone by us; otherwise people hear of it.</summary>
    public bool TakesItForItsOwn => first.TakesItForItsOwn;

    /// <summary>Whether doing it twice is doing it once though the tenant notes it twice, as ending sessions that are ended.</summary>
    public bool RepeatsHarmlessly => Undone.Length == 0 && first.NotedAgain.Contains(Done);

    public static async Task<Rehearsed> RunAsync(string action, Func<int, Task<Rehearsal>> rehearse) =>
        new(action, await rehearse(1), await rehearse(2));

    /// <param name="start">The tenant before anything was done.</param>
    public bool InEffect(TenantPicture start, TenantPicture now) =>
        steady.Count == 0 ? changed.Any(l => start.Of(l) != now.Of(l)) : steady.All(s => now.Of(s.Key) == s.Value);

    /// <summary>Documents to write so that everything it changed is as it was; null takes one away.</summary>
    public IEnumerable<(string Kind, string Id, string? Json)> Before(TenantPicture start, TenantPicture now) =>
        Touched(start, now).Select(d => (d.Kind, d.Id, start.Documents.GetValueOrDefault(d)));

    /// <summary>Documents to write so that somebody else has done the same.</summary>
    /// <param name="done">The tenant when it was done; null where it never was.</param>
    public IEnumerable<(string Kind, string Id, string? Json)> BySomeoneElse(TenantPicture start, TenantPicture? done)
    {
        var like = done ?? first.After;
        var places = done is null ? first.Start.ChangesTo(first.After).Select(l => (l.Kind, l.Id)).Distinct() : Touched(start, done);
        return places.Select(d => (d.Item1, d.Item2, Theirs(like.Documents.GetValueOrDefault(d))));
    }

    /// <summary>What it changes, and what it made under an id that is another each time.</summary>
    private IEnumerable<(string Kind, string Id)> Touched(TenantPicture start, TenantPicture now)
    {
        var places = changed.Select(l => (l.Kind, l.Id)).ToHashSet();
        var kinds = places.Where(p => !first.Start.Documents.ContainsKey(p)).Select(p => p.Kind).ToHashSet();
        return places.Union(now.Documents.Keys.Where(d => kinds.Contains(d.Kind) && !start.Documents.ContainsKey(d)));
    }

    private string? Theirs(string? json) =>
        first.Marks.Aggregate(
            json,
            (text, mark) => text?.Replace(mark, mark[0] == '"' ? "\"someone else\"" : "someone else", StringComparison.Ordinal)
        );

    private static LoggedRequest Carrier(IReadOnlyList<LoggedRequest> requests) => requests.First(r => Effects(r).Any());

    /// <summary>Without tickets and pages, which tell of it.</summary>
    private static IEnumerable<string> Effects(LoggedRequest request) =>
        request.Effects.Where(e => !e.StartsWith("page.", StringComparison.Ordinal) && !e.StartsWith("ticket.", StringComparison.Ordinal));

    /// <summary>Ids that are others each time become *.</summary>
    private static string Common(string one, string other)
    {
        var (left, right) = (one.Split('/'), other.Split('/'));
        return left.Length != right.Length ? one : string.Join('/', left.Zip(right, (l, r) => l == r ? l : "*"));
    }
}
