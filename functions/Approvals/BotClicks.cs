using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>The body of an invoke's answer; HTTP is 200 whatever it says, since Teams shows nothing otherwise.</summary>
public sealed record InvokeAnswer(int StatusCode, string Type, JsonNode Value)
{
    public static InvokeAnswer Card(JsonObject card) => new(200, "application/vnd.microsoft.card.adaptive", card);

    public static InvokeAnswer Error(int status, string code, string message) =>
        new(status, "application/vnd.microsoft.error", new JsonObject { ["code"] = code, ["message"] = message });
}

/// <summary>
/// A click on a card, from an activity that was admitted. The checks of docs/design.md section 6 in their order; each refusal is on the
/// record. What runs is what the
/// server stored: a click says yes or no to it and can change nothing about it.
/// </summary>
public sealed class BotClicks(
    CardSender cards,
    CardTable book,
    ApprovalRegister register,
    ApprovalAnswers answers,
    HoldAnswers holds,
    OnCall onCall,
    AuditChain audit,
    TimeProvider time
)
{
    public async Task<InvokeAnswer> AnswerAsync(
        BotActivity click,
        VerifiedToken token,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (click.FromObjectId.Length == 0)
            return await RefuseAsync(
                click,
                token,
                RecordChains.Pipeline,
                new Objection(403, "no-person", "Teams did not say who you are."),
                null,
                cancellation
            );
        if (click.Requests is not { } clicked)
            return await RefuseAsync(click, token, RecordChains.Pipeline, Unknown, null, cancellation);

        var seen = new List<Asked>(clicked.Count);
        foreach (var (id, nonce) in clicked)
        {
            // An unknown request and a wrong nonce read the same: nothing can be learned by trying.
            var known = id.StartsWith(ApprovalView.InstancePrefix, StringComparison.Ordinal)
                ? await register.FindAsync(id, cancellation)
                : null;
            var view = known is null ? null : await register.ViewAsync(id, cancellation);
            if (known is null || view is null)
                return await RefuseAsync(click, token, RecordChains.Pipeline, Unknown, null, cancellation);
            if (!ApprovalRegister.IsNonce(known, nonce))
                return await RefuseAsync(click, token, view.Request.Incident, Unknown with { Rule = "nonce" }, null, cancellation);
            seen.Add(new Asked(id, known, view));
        }
        if (Shape(click) is { } misshapen)
            return await RefuseAsync(click, token, seen[0].View.Request.Incident, misshapen, null, cancellation);

        SentCard? card = null;
        foreach (var one in seen)
        {
            card = await book.FindAsync(one.Id, click.Conversation, click.ReplyTo, cancellation);
            if (card is null)
                return await RefuseAsync(
                    click,
                    token,
                    one.View.Request.Incident,
                    new Objection(403, "copied-card", "This card is a copy or a forward. Decide on the card that was sent to you."),
                    null,
                    cancellation
                );
        }
        var proof = new AnswerProof(token.IssuedAt, click.Id, click.ReplyTo, card!.Hash);
        return click.Verb switch
        {
            ApprovalCard.More or ApprovalCard.Look => await LookAsync(click, token, seen, card, cancellation),
            ApprovalCard.Confirm or ApprovalCard.Release => await HoldAsync(click, token, seen, card, proof, client, cancellation),
            _ => await DecideAsync(click, token, seen, card, proof, client, cancellation),
        };
    }

    private static Objection Unknown =>
        new(404, "unknown-request", "This card's request is not known here. It may be from another time or another installation.");

    /// <summary>Verb, trigger and reason, before anything is looked up by them.</summary>
    private static Objection? Shape(BotActivity click)
    {
        if (!ApprovalCard.Verbs.Contains(click.Verb))
            return new Objection(400, "verb", "This button is not known here.");
        if (click.IsAutomatic && click.Verb != ApprovalCard.Look)
            return new Objection(403, "automatic", "Only a person's click decides.");
        if (click.Verb is ApprovalCard.More or ApprovalCard.Look)
            return null;
        return string.IsNullOrWhiteSpace(click.Reason) || click.Reason.Length > Objection.MaxReason
            ? new Objection(400, "reason", $"Say why in 1 to {Objection.MaxReason} characters.")
            : null;
    }

    /// <summary>Shows how it stands, with all evidence where it was asked for. The clock keeps running.</summary>
    private async Task<InvokeAnswer> LookAsync(
        BotActivity click,
        VerifiedToken token,
        List<Asked> seen,
        SentCard card,
        CancellationToken cancellation
    )
    {
        var membership = await onCall.BelongsAsync(click.FromObjectId, seen.SelectMany(s => s.View.Rungs), cancellation);
        if (!membership.Belongs)
            return await RefuseAsync(click, token, seen[0].View.Request.Incident, NotInGroup, card.Hash, cancellation);
        foreach (var one in seen.Where(s => s.View.State == ApprovalState.Pending))
            await register.LookedAsync(one.Id, click.FromObjectId, cancellation);
        return InvokeAnswer.Card(
            await cards.BuildAsync(card.Requests, seen[0].Id, seen[0].View, click.Verb == ApprovalCard.More, cancellation)
        );
    }

    private async Task<InvokeAnswer> DecideAsync(
        BotActivity click,
        VerifiedToken token,
        List<Asked> seen,
        SentCard card,
        AnswerProof proof,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var results = new List<AnswerResult>(seen.Count);
        foreach (var one in seen)
        {
            await register.LookedAsync(one.Id, click.FromObjectId, cancellation);
            var answer = new ApprovalAnswer(
                click.FromObjectId,
                click.Verb == ApprovalCard.Approve,
                Objection.Words(click.Reason),
                time.GetUtcNow(),
                "teams"
            )
            {
                Proof = proof,
            };
            var result = await answers.AnswerAsync(client, one.Id, one.View, answer, cancellation);
            if (result.Objection is { } objection)
                await RecordAsync(click, token, one.View.Request.Incident, objection, card.Hash, cancellation);
            results.Add(result);
        }
        // A replay, or a click that lost its race, sees how it ended; any other objection is told in words.
        if (
            results.Select(r => r.Objection).FirstOrDefault(o => o is not null and not { Rule: "already-decided" or "voted-before" })
                is { } told
            && results.All(r => r.Objection is not null)
        )
            return InvokeAnswer.Error(told.Status, told.Rule, told.Text);
        return InvokeAnswer.Card(
            seen.Count == 1
                ? await cards.BuildAsync(card.Requests, seen[0].Id, results[0].View, false, cancellation)
                : await cards.BuildAsync(
                    card.Requests,
                    seen.Select((s, i) => (s.Id, results[i].View)).ToDictionary(p => p.Id, p => p.View),
                    cancellation
                )
        );
    }

    private async Task<InvokeAnswer> HoldAsync(
        BotActivity click,
        VerifiedToken token,
        List<Asked> seen,
        SentCard card,
        AnswerProof proof,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var asked = time.GetUtcNow(); // The click: the checks that follow count into the time of a release.
        var one = seen[0];
        var incident = one.View.Request.Incident;
        if (seen.Count != 1 || one.View.State != ApprovalState.Granted || one.Known.Result?.Containment is not { } containment)
            return await RefuseAsync(
                click,
                token,
                incident,
                new Objection(409, "not-live", "Nothing is in effect that could be kept or undone."),
                card.Hash,
                cancellation
            );
        var membership = await onCall.IsApproverAsync(click.FromObjectId, cancellation);
        if (!membership.Belongs)
            return await RefuseAsync(click, token, incident, NotInGroup, card.Hash, cancellation);
        var order = new HoldChange(click.FromObjectId, Objection.Words(click.Reason), At: asked);
        var name =
            one.View.Rungs.SelectMany(r => r.Approvers).FirstOrDefault(a => a.ObjectId == click.FromObjectId)?.Name ?? click.FromObjectId;
        var change = click.Verb == ApprovalCard.Confirm ? HoldChangeKind.Confirm : HoldChangeKind.Release;
        if ((await holds.ChangeAsync(client, containment, change, order, name, proof, cancellation)).Objection is { } objection)
        {
            await RecordAsync(click, token, incident, objection, card.Hash, cancellation);
            if (objection.Rule != "not-live")
                return InvokeAnswer.Error(objection.Status, objection.Rule, objection.Text);
        }
        else if (click.Verb == ApprovalCard.Release)
        {
            return InvokeAnswer.Card(
                await cards.BuildReleasingAsync(card.Requests, one.Id, $"{name} releases it: {click.Reason}", cancellation)
            );
        }
        return InvokeAnswer.Card(await cards.BuildAsync(card.Requests, one.Id, one.View, false, cancellation));
    }

    private static Objection NotInGroup => new(403, "not-in-group", "You are not in the approver group of this request.");

    private async Task<InvokeAnswer> RefuseAsync(
        BotActivity click,
        VerifiedToken token,
        string chain,
        Objection objection,
        string? cardHash,
        CancellationToken cancellation
    )
    {
        await RecordAsync(click, token, chain, objection, cardHash, cancellation);
        return InvokeAnswer.Error(objection.Status, objection.Rule, objection.Text);
    }

    private async Task RecordAsync(
        BotActivity click,
        VerifiedToken token,
        string chain,
        Objection objection,
        string? cardHash,
        CancellationToken cancellation
    ) =>
        await audit.AppendAsync(
            chain,
            [
                new AuditFact(
                    $"click-{Guid.CreateVersion7():N}",
                    AuditKinds.Refused,
                    $"a click in Teams did not count: {objection.Rule}: {objection.Text}",
                    click.FromObjectId.Length > 0 ? click.FromObjectId : "unknown",
                    AuditJson.Of(
                        new
                        {
                            objection.Rule,
                            click.Verb,
                            Activity = click.Id,
                            Card = click.ReplyTo,
                            CardHash = cardHash,
                            TokenIssuedAt = token.IssuedAt,
                            Channel = "teams",
                        }
                    )
                ),
            ],
            cancellation
        );

    private sealed record Asked(string Id, RegisteredRequest Known, ApprovalView View);
}
