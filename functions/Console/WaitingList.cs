using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.DurableTask.Client;

namespace IRFunctions.OperatorConsole;

/// <summary>A request as people read it.</summary>
/// <param name="State">As the register says, which hears of an answer first.</param>
/// <param name="Severity">Of its alert; unknown where it cannot be read.</param>
/// <param name="Joined">How many other alerts wait for the same answer.</param>
/// <param name="Before">What became of the same action on the same target last time; empty where it is the first time.</param>
internal sealed record WaitingRequest(string Id, ApprovalView View, ApprovalState State, Severity Severity, int Joined, string Before)
{
    public RequestResult? Result { get; init; }
}

/// <summary>One page of what waits for people, what ends first before the rest.</summary>
/// <param name="Unreadable">Requests on this page that cannot be shown; people were paged.</param>
internal sealed record WaitingPage(
    int Count,
    int Page,
    int Pages,
    IReadOnlyList<WaitingRequest> Requests,
    IReadOnlyList<string> Unreadable
);

/// <summary>Reads the requests that wait: all of their names and deadlines, and the content of one page.</summary>
internal sealed class WaitingList(
    ApprovalRegister register,
    IncidentTable incidents,
    OwnActions own,
    PolicyStore policies,
    RowTrouble trouble
) : IDisposable
{
    public const int PageSize = 25;
    private const int AtOnce = 8;
    private const int Remembered = 1_000;

    private readonly Glance<IReadOnlyList<PendingRequest>> all = new(register.AllPendingAsync);
    private readonly Dictionary<string, (Severity Severity, string Before)> constants = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public void Dispose() => all.Dispose();

    public async Task<int> CountAsync(CancellationToken cancellation) => (await all.ReadAsync(cancellation)).Count;

    public async Task<WaitingPage> ReadAsync(DurableTaskClient client, int page, CancellationToken cancellation)
    {
        var rows = await all.ReadAsync(cancellation);
        var pages = Math.Max(1, (rows.Count + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var (found, unreadable) = (new List<WaitingRequest>(PageSize), new List<string>());
        foreach (var chunk in rows.Skip((page - 1) * PageSize).Take(PageSize).Chunk(AtOnce))
        {
            foreach (var (id, request, problem) in await Task.WhenAll(chunk.Select(r => TryAsync(client, r.Id, cancellation))))
                if (request is not null)
                    found.Add(request);
                else if (problem)
                    unreadable.Add(id);
        }
        return new WaitingPage(rows.Count, page, pages, found, unreadable);
    }

    /// <summary>One request, also after its end; null where there is none.</summary>
    /// <exception cref="UnreadableRowException">A row is not what was written.</exception>
    public async Task<WaitingRequest?> FindAsync(DurableTaskClient client, string id, CancellationToken cancellation)
    {
        if (await register.ViewAsync(id, cancellation) is not { } view)
            return null;
        var known = await register.FindAsync(id, cancellation);
        var decision = view.Request.Decision;
        var open = await client.Entities.GetEntityAsync<OpenRequestsState>(OpenRequests.For(decision), cancellation: cancellation);
        var joined = open is { IncludesState: true } ? open.State.ByHash.Values.Where(o => o.Request == id).Sum(o => o.Joined.Count) : 0;
        var (severity, before) = await ConstantsAsync(client, id, view, cancellation);
        var state = view.State == ApprovalState.Pending && known is not null ? known.State : view.State;
        return new WaitingRequest(id, view, state, severity, joined, before) { Result = known?.Result };
    }

    private async Task<(string Id, WaitingRequest? Request, bool Problem)> TryAsync(
        DurableTaskClient client,
        string id,
        CancellationToken cancellation
    )
    {
        try
        {
            return (id, await FindAsync(client, id, cancellation), false);
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, cancellation);
            return (id, null, true);
        }
    }

    /// <summary>What does not change while a request waits is read once.</summary>
    private async Task<(Severity, string)> ConstantsAsync(
        DurableTaskClient client,
        string id,
        ApprovalView view,
        CancellationToken cancellation
    )
    {
        lock (gate)
            if (constants.TryGetValue(id, out var known))
                return known;
        var last = await own.LastOnAsync(view.Request.Decision.Target, policies.Current, client, cancellation);
        var read = (await SeverityAsync(view.Request, cancellation), last?.Text ?? "");
        lock (gate)
        {
            if (constants.Count >= Remembered)
                constants.Clear();
            constants[id] = read;
        }
        return read;
    }

    private async Task<Severity> SeverityAsync(ApprovalRequest request, CancellationToken cancellation)
    {
        const int mostAlerts = 20;
        for (var number = 1; number <= mostAlerts; number++)
        {
            if (await incidents.FindAsync(request.Incident, number, cancellation) is not { } alert)
                return Severity.Unknown;
            if (alert.AlertId == request.AlertId)
                return alert.Severity;
        }
        return Severity.Unknown;
    }
}
