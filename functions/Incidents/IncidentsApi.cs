using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Serialization;
using IRFunctions.Durable;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>How an alert's orchestration stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertStatus>))]
public enum AlertStatus
{
    /// <summary>There is no orchestration of it.</summary>
    Unknown,
    Running,
    Completed,
    Failed,
    Terminated,
    Pending,
    Suspended,

    /// <summary>The engine cannot read it; people were paged.</summary>
    Unreadable,
}

/// <summary>One alert as the API shows it: how its orchestration stands, and what is shown of it.</summary>
/// <param name="Failure">Why it failed or cannot be read; null where it did not.</param>
/// <param name="View">Null where nothing is shown yet, or where it cannot be read.</param>
public sealed record ShownAlert(string Id, AlertStatus Status, DateTimeOffset? Updated, string? Failure, IncidentView? View);

/// <summary>A page of alerts, newest first.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record IncidentList(IReadOnlyList<ShownAlert> Incidents, string? Continuation, string? Next);

/// <summary>One line of an incident's record.</summary>
public sealed record TimelineEntry(long Sequence, DateTimeOffset At, string Kind, string Actor, string Text);

/// <summary>One incident: a page of its alerts, and the beginning of its record.</summary>
/// <param name="Duplicates">Alerts that came again.</param>
/// <param name="Timeline">The first 200 entries of its record.</param>
/// <param name="TimelineNext">Address of the entries after them; null where these are all.</param>
public sealed record IncidentDetails(
    string Incident,
    IReadOnlyList<ShownAlert> Alerts,
    int Duplicates,
    IReadOnlyList<TimelineEntry> Timeline,
    string? TimelineNext,
    string? Continuation,
    string? Next
);

/// <summary>Which page of an incident's alerts.</summary>
public sealed record IncidentAlertsQuery : PageQuery;

/// <summary>Looking at incidents and at the record. Changes nothing.</summary>
public sealed class IncidentsApi(RequestGuard guard, AuditChain audit, IncidentTable incidents, RowTrouble trouble)
{
    private const int AtOnce = 16;
    private const string Prefix = "incident-";

    /// <summary>Alerts in work and ended, newest first.</summary>
    [Query(typeof(IncidentQuery))]
    [EndpointSummary("Alerts, newest first")]
    [EndpointDescription("One row an alert; alerts of one incident share the beginning of their id.")]
    [ProducesResponseType<IncidentList>(200)]
    [Function("GetIncidents")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<IncidentQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        var (pages, last) = await incidents.SearchAsync(query, keys.Count > 0 ? keys[0] : null, cancellation);
        var continuation = last is null ? null : Continuation.Of(query, last);
        return new TaggedResult(
            new IncidentList(await JoinAsync(client, pages, cancellation), continuation, Continuation.LinkOf(request, continuation))
        );
    }

    /// <summary>One incident: its alerts and everything on its record.</summary>
    [Query(typeof(IncidentAlertsQuery))]
    [EndpointSummary("One incident, its alerts and its record")]
    [ProducesResponseType<IncidentDetails>(200)]
    [Function("GetIncident")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents/{id}")] HttpRequest request,
        [Description("Key of the incident, incident-...")] string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<IncidentAlertsQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        if (!id.StartsWith(Prefix, StringComparison.Ordinal))
            return ProblemResults.NotFound($"incident {id}");
        var register = await client.Entities.GetEntityAsync<RegisterState>(IncidentRegister.For(id), cancellation: cancellation);
        if (register is not { IncludesState: true })
            return ProblemResults.NotFound($"incident {id}");
        var count = register.State.Arrivals.Count;
        var before = keys.Count > 0 && int.TryParse(keys[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var end = Math.Min(count, before + query.Rows);
        var pages = new List<IncidentPage>();
        for (var number = before + 1; number <= end; number++)
            pages.Add(await incidents.PageAsync(id, number, cancellation));
        var alerts = await JoinAsync(client, pages, cancellation);
        var chain = await audit.ReadAsync(id, cancellation);
        var continuation = end < count ? Continuation.Of(query, end.ToString(CultureInfo.InvariantCulture)) : null;
        return new TaggedResult(
            new IncidentDetails(
                id,
                [.. alerts.Where(a => a.Status != AlertStatus.Unknown)],
                register.State.Arrivals.Values.Sum() - count,
                [.. chain.Take(PageQuery.Most).Select(e => new TimelineEntry(e.Sequence, e.At, e.Kind, e.Actor, e.Text))],
                chain.Count > PageQuery.Most ? $"/api/audit/{id}?after={chain[PageQuery.Most - 1].Sequence}" : null,
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }

    private async Task<IReadOnlyList<ShownAlert>> JoinAsync(
        DurableTaskClient client,
        IReadOnlyList<IncidentPage> pages,
        CancellationToken cancellation
    )
    {
        var shown = new List<ShownAlert>(pages.Count);
        foreach (var part in pages.Chunk(AtOnce))
            shown.AddRange(await Task.WhenAll(part.Select(p => JoinAsync(client, p, cancellation))));
        return shown;
    }

    /// <summary>Neither a row nor an instance that cannot be read hides the others; people are told.</summary>
    private async Task<ShownAlert> JoinAsync(DurableTaskClient client, IncidentPage page, CancellationToken cancellation)
    {
        if (page.Problem is { } unreadable)
            await trouble.TellAsync(unreadable, cancellation);
        try
        {
            if (await client.GetInstanceAsync(page.Instance, getInputsAndOutputs: true, cancellation) is not { } instance)
                return new ShownAlert(page.Instance, AlertStatus.Unknown, null, page.Problem?.Message, page.View);
            var failure =
                instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed ? InstanceFailure.Of(instance) : page.Problem?.Message;
            var view = page.View is { } shown ? await DecisionStates.ReadAsync(client, shown, cancellation) : null;
            return new ShownAlert(page.Instance, StatusOf(instance.RuntimeStatus), instance.LastUpdatedAt, failure, view);
        }
#pragma warning disable CA1031 // Whatever an engine throws over an instance that it cannot read.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            await trouble.TellAsync(
                $"instance {page.Instance}",
                e.Message,
                "Read the incident's record and go on by hand, then delete the instance's row in the task hub's table Instances.",
                cancellation
            );
            return new ShownAlert(page.Instance, AlertStatus.Unreadable, null, "its orchestration cannot be read", page.View);
        }
    }

    private static AlertStatus StatusOf(OrchestrationRuntimeStatus status) =>
        Enum.TryParse<AlertStatus>(status.ToString(), out var known) ? known : AlertStatus.Running;
}
