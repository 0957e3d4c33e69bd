using System.Text.Json;
using IRFunctions.Connections;
using IRFunctions.Policies;
using Microsoft.Graph;

namespace IRFunctions.People;

/// <summary>Whether somebody may approve now, or why that is not known.</summary>
/// <param name="Problem">Why the source could not be read; null where it could.</param>
public sealed record Membership(bool Belongs, string? Problem = null);

/// <summary>
/// Who is asked and who may answer, from the sources the policy names: the policy file, an Entra group, an on-call schedule. Asking errs
/// towards more people; believing an answer errs towards nobody (S12).
/// </summary>
public sealed class OnCall(GraphServiceClient graph, HttpClient http, PolicyStore policies, TimeProvider time)
{
    private const int MaxPeople = 50;
    private const int MaxSchedule = 64 * 1024;
    private const string UserType = "#microsoft.graph.user";

    /// <summary>Whom to ask of a group now: those on call and awake, substitutes for those away; where nobody is left, everybody.</summary>
    /// <param name="frozen">The group as the incident's policy had it; asked where the policy in force no longer has the group.</param>
    public async Task<(IReadOnlyList<Approver> Approvers, IReadOnlyList<string> Problems)> WhoAsync(
        string group,
        IReadOnlyList<Approver> frozen,
        CancellationToken cancellation
    )
    {
        var problems = new List<string>();
        if (!policies.Current.Groups.TryGetValue(group, out var source))
            source = new ApproverGroup(group, frozen);
        var now = time.GetUtcNow();
        var people = source.Members.Select(m => Present(m, now)).ToList();
        try
        {
            if (source.EntraGroup is { } entra)
                people.AddRange(await MembersAsync(entra, cancellation));
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            problems.Add(e.Message);
        }
        people = [.. people.DistinctBy(p => p.ObjectId).Take(MaxPeople)];
        if (source.Schedule is { } schedule)
        {
            try
            {
                var onCall = await ReadScheduleAsync(schedule, cancellation);
                if (people.Where(p => onCall.Contains(p.ObjectId)).ToList() is { Count: > 0 } chosen)
                    people = chosen;
                else
                    problems.Add($"the on-call schedule names nobody of the group {group}; all of it is asked");
            }
            catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
            {
                problems.Add($"{e.Message}; all of the group {group} is asked");
            }
        }
        var awake = people.Where(p => p.Quiet?.Covers(now) != true).ToList();
        return (awake.Count > 0 ? awake : people, problems);
    }

    /// <summary>
    /// Read again at the moment of a click: whether the person is in one of these groups now. What cannot be read is a no.
    /// </summary>
    public async Task<Membership> BelongsAsync(string person, IEnumerable<RungPlan> rungs, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        string? problem = null;
        foreach (var rung in rungs)
        {
            // Requests made before groups had names carry their people with them, frozen with the policy.
            if (rung.Group.Length == 0 && rung.Approvers.Any(a => a.ObjectId == person))
                return new Membership(true);
            if (!policies.Current.Groups.TryGetValue(rung.Group, out var source))
                continue;
            if (source.Members.Any(m => Present(m, now).ObjectId == person || m.ObjectId == person))
                return new Membership(true);
            if (source.EntraGroup is not { } entra)
                continue;
            try
            {
                if (await IsMemberAsync(person, entra, cancellation))
                    return new Membership(true);
            }
            catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
            {
                problem = e.Message;
            }
        }
        return new Membership(false, problem);
    }

    /// <summary>Whether the person is an approver of the policy in force at all.</summary>
    public async Task<Membership> IsApproverAsync(string person, CancellationToken cancellation) =>
        policies.Current.Approvers.Contains(person)
            ? new Membership(true)
            : await BelongsAsync(
                person,
                policies
                    .Current.Groups.Values.Where(g => g.EntraGroup is not null)
                    .Select(g => new RungPlan("", default, []) { Group = g.Name }),
                cancellation
            );

    /// <summary>
    /// Everyone whom only an Entra group makes an approver: never contained automatically either (S9). A group that cannot be read is a
    /// problem.
    /// </summary>
    public async Task<(IReadOnlyList<string> People, string? Problem)> FromGroupsAsync(Policy policy, CancellationToken cancellation)
    {
        var people = new List<string>();
        string? problem = null;
        foreach (var group in policy.Groups.Values.Select(g => g.EntraGroup).OfType<string>().Distinct())
        {
            try
            {
                people.AddRange((await MembersAsync(group, cancellation)).Select(p => p.ObjectId));
            }
            catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
            {
                problem = e.Message;
            }
        }
        return (people, problem);
    }

    private static Approver Present(Approver member, DateTimeOffset now) =>
        member.Away is { } away && away.Covers(now) ? away.Substitute : member;

    private async Task<bool> IsMemberAsync(string person, string group, CancellationToken cancellation)
    {
        var answer = await Faults.CallGraphAsync(
            "reading an approver's groups",
            "GroupMember.Read.All",
            () =>
                graph
                    .Users[person]
                    .CheckMemberGroups.PostAsCheckMemberGroupsPostResponseAsync(
                        new() { GroupIds = [group] },
                        cancellationToken: cancellation
                    )
        );
        return answer?.Value?.Contains(group, StringComparer.OrdinalIgnoreCase) == true;
    }

    private async Task<List<Approver>> MembersAsync(string group, CancellationToken cancellation)
    {
        var page = await Faults.CallGraphAsync(
            $"reading approver group {group}",
            "GroupMember.Read.All",
            () => graph.Groups[group].TransitiveMembers.GetAsync(r => r.QueryParameters.Top = MaxPeople, cancellation)
        );
        var people = new List<Approver>();
        foreach (var member in (page?.Value ?? []).Where(m => m.OdataType is null or UserType))
        {
            if (!Guid.TryParse(member.Id, out var id))
                continue;
            var user = await Faults.CallGraphAsync(
                $"reading approver {id}",
                "User.Read.All",
                () => graph.Users[id.ToString()].GetAsync(cancellationToken: cancellation)
            );
            if (user?.AccountEnabled != false)
                people.Add(new Approver(id.ToString(), user?.DisplayName ?? id.ToString()));
        }
        return people;
    }

    /// <summary>`{"onCall": ["object id", ...]}`.</summary>
    private async Task<HashSet<string>> ReadScheduleAsync(Uri schedule, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, schedule);
            using var response = await Faults.SendAsync(
                http,
                "reading the on-call schedule",
                "access to the schedule",
                request,
                cancellation
            );
            if (!response.IsSuccessStatusCode)
                throw new PermanentFaultException($"the on-call schedule is not at {schedule.Host}");
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (bytes.Length > MaxSchedule)
                throw new PermanentFaultException("the on-call schedule is too large");
            using var json = JsonDocument.Parse(bytes);
            return
            [
                .. json
                    .RootElement.GetProperty("onCall")
                    .EnumerateArray()
                    .Select(e => Guid.TryParse(e.GetString(), out var id) ? id.ToString() : ""),
            ];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PermanentFaultException("the on-call schedule is not {\"onCall\": [object ids]}", e);
        }
    }
}
