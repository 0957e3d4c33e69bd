using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>What is to be contained.</summary>
[RequestBody]
public sealed record RequestedTarget(
    [property: Required, Description(ContainmentRequest.Kinds)] string? Kind,
    [property: Required, Description("Object id, address or message id."), MaxLength(AlertLimits.MaxName)] string? Id,
    [property: Description("Only for a mailMessage: the id in its own header."), MaxLength(AlertLimits.MaxName)] string? InternetMessageId,
    [property: Description("Only for a mailMessage: whose copy."), MaxLength(AlertLimits.MaxName)] string? Recipient
);

/// <summary>A containment that a person asks for without an alert.</summary>
[RequestBody]
public sealed record ContainmentBody(
    [property: Required, Description("Name of an action of the policy.")] string? Action,
    [property: Required] RequestedTarget? Target,
    [property: Required, Description("Why; stands on the record."), MaxLength(Objection.MaxReason)] string? Reason
);

/// <summary>A wish that was taken. The policy decides what becomes of it.</summary>
/// <param name="At">When it was taken, by the server's clock.</param>
/// <param name="Look">Address of the incident: what was decided, who is asked, what is in effect and until when.</param>
public sealed record ContainmentAsked(string Incident, string Action, string Target, DateTimeOffset At, string Look);

/// <summary>
/// A person asks for a containment. It goes the way of every alert: the same policy decides, the same people approve, but never the one who
/// asks (S3), it is on the same record and undone the same way.
/// </summary>
public sealed class ContainmentRequestApi(RequestGuard guard, PolicyStore policies, PolicyArchive archive, TimeProvider time)
{
    private const string IdempotencyKey = "Idempotency-Key";
    private const int MaxKey = 200;

    [Accepts(typeof(ContainmentBody))]
    [EndpointSummary("Ask for a containment without an alert")]
    [EndpointDescription(
        "The policy decides as about an alert: it may run, ask other people, or say no; nobody approves what they asked for themselves. "
            + "With the header Idempotency-Key the same wish sent twice is one."
    )]
    [ProducesResponseType<ContainmentAsked>(202)]
    [Function("StartContainment")]
    public async Task<IActionResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/containments")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => await TakeAsync(request, client, proposed: false, cancellation);

    /// <summary>The same through an assistant: then people are asked whatever the tier.</summary>
    internal Task<IActionResult> ProposeAsync(HttpRequest request, DurableTaskClient client, CancellationToken cancellation) =>
        TakeAsync(request, client, proposed: true, cancellation);

    private async Task<IActionResult> TakeAsync(
        HttpRequest request,
        DurableTaskClient client,
        bool proposed,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, "asking for a containment", cancellation);
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        var (body, problem) = await RequestGuard.ReadAsync<ContainmentBody>(
            request,
            """{"action":"...","target":{"kind":"account","id":"..."},"reason":"..."}""",
            cancellation
        );
        if (body is null)
            return problem!;
        if (ProblemResults.LacksReason(body.Reason, out var silent))
            return silent;
        var policy = policies.Current;
        if (body.Action is not { } action || !policy.Actions.TryGetValue(action, out var rule) || rule.IsNotification)
            return ProblemResults.Of(400, "action", "There is no such action", $"The policy has {Names(policy)}.");
        if (ContainmentRequest.EntityOf(body.Target, out var wrong) is not { } entity)
            return ProblemResults.Of(400, "target", "This is no target", wrong);
        if (rule.TargetKind == "workload")
            return ProblemResults.Of(
                400,
                "target",
                "Workloads are contained by their breaker",
                "POST /api/identities/ID/breaker/open with a reason; the quarantine playbook follows."
            );
        if (rule.TargetKind is { } kind && Targets.Of(entity)?.Kind != kind)
            return ProblemResults.Of(400, "target", "The action needs another target", $"{action} acts on a target of kind {kind}.");
        var given = request.Headers[IdempotencyKey].FirstOrDefault();
        var key = given is { Length: > 0 and <= MaxKey } ? given : $"{Guid.CreateVersion7():N}";
        var alert = ContainmentRequest.AlertOf(
            (caller.ObjectId, caller.Name),
            key,
            action,
            entity,
            body.Reason,
            proposed,
            time.GetUtcNow()
        );
        return await ArriveAsync(alert, policy, action, entity, client, cancellation);
    }

    private async Task<IActionResult> ArriveAsync(
        Alert alert,
        Policy policy,
        string action,
        Entity entity,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        await archive.KeepAsync(policy, cancellation);
        var incident = Correlation.IncidentKey(alert);
        await client.Entities.SignalEntityAsync(
            IncidentRegister.For(incident),
            nameof(IncidentRegister.Arrive),
            new Arrival(AlertVersion.KeyOf(alert), alert, policy.Hash, alert.Id),
            cancellation: cancellation
        );
        var look = $"/api/incidents/{incident}";
        return new AcceptedResult(
            look,
            new ContainmentAsked(incident, action, Targets.Of(entity)?.Key ?? entity.Display, alert.Created!.Value, look)
        );
    }

    private static string Names(Policy policy) =>
        string.Join(", ", policy.Actions.Values.Where(a => !a.IsNotification).Select(a => a.Name).Order(StringComparer.Ordinal));
}
