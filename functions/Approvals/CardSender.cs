using System.Text.Json.Nodes;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Approvals;

/// <summary>What came of asking one rung.</summary>
/// <param name="Approvers">Whom the sources named; null where they were not read.</param>
/// <param name="Cards">Copies that stand in chats now.</param>
public sealed record Delivery(bool Delivered, int Cards, IReadOnlyList<Approver>? Approvers, IReadOnlyList<string> Problems);

/// <summary>Sends cards and keeps every copy true: the same request looks the same wherever it stands.</summary>
public sealed class CardSender(
    BotConnector connector,
    CardTable cards,
    ConversationTable conversations,
    ApprovalRegister register,
    TeamsSettings settings
)
{
    private const string ChannelPerson = "channel";

    public bool Enabled => settings.Enabled;

    /// <summary>Sends the request to each of these people, or adds it to a card they got moments ago for the same incident.</summary>
    /// <param name="final">Failures that may pass are reported like the others; otherwise they are thrown, to be tried again.</param>
    /// <exception cref="TransientFaultException">Teams is away, or another request is just being sent to the same person.</exception>
    public async Task<Delivery> AskAsync(
        string id,
        ApprovalView view,
        IReadOnlyList<Approver> people,
        bool final,
        CancellationToken cancellation
    )
    {
        await register.OpenAsync(id, view.Deadline, view.Request.Decision.Quorum, cancellation);
        var problems = new List<string>();
        TransientFaultException? passing = null;
        var sent = 0;
        foreach (
            var (person, name) in settings.Channel is null ? people.Select(p => (p.ObjectId, p.Name)) : [(ChannelPerson, "the channel")]
        )
        {
            try
            {
                await SendAsync(id, view, person, final, cancellation);
                sent++;
            }
            catch (TransientFaultException e)
            {
                passing = e;
                problems.Add($"{name}: {e.Message}");
            }
            catch (PermanentFaultException e)
            {
                problems.Add($"{name}: {e.Message}");
            }
        }
        if (passing is not null && !final)
            throw passing;
        return new Delivery(sent > 0, (await cards.AllAsync(id, cancellation)).Count, null, problems);
    }

    /// <summary>Puts the present state on every copy. Returns what could not be updated; nothing waits for it.</summary>
    public async Task<IReadOnlyList<string>> RedrawAsync(string id, ApprovalView? view, CancellationToken cancellation)
    {
        var problems = new List<string>();
        foreach (var copy in await cards.AllAsync(id, cancellation))
        {
            try
            {
                var requests = await ReadAsync(copy.Requests, id, view, cancellation);
                await UpdateAsync(copy, requests, cancellation);
            }
            catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
            {
                problems.Add(e.Message);
            }
        }
        return problems;
    }

    /// <summary>Notes what became of the action and shows it.</summary>
    public async Task ShowResultAsync(string id, RequestResult result, CancellationToken cancellation)
    {
        if (await register.FindAsync(id, cancellation) is null)
            return;
        await register.SetResultAsync(id, result, cancellation);
        if (result.Containment is { } containment)
            await cards.LinkAsync(containment, id, cancellation);
        if (Enabled)
            await RedrawAsync(id, null, cancellation);
    }

    /// <summary>Something that whoever decides should know: it stands on every copy from now on, and decides nothing.</summary>
    public async Task ShowNoteAsync(string id, string note, CancellationToken cancellation)
    {
        await register.SetNoteAsync(id, note, cancellation);
        if (Enabled)
            await RedrawAsync(id, null, cancellation);
    }

    /// <summary>A containment moved on: shows it on the cards of every request it came from.</summary>
    public async Task ShowHoldAsync(
        string containment,
        ResultState state,
        string text,
        DateTimeOffset? undoAt,
        CancellationToken cancellation
    )
    {
        foreach (var id in await cards.RequestsOfAsync(containment, cancellation))
        {
            if (await register.FindAsync(id, cancellation) is { Result: { } before } && !IsOver(before.State))
                await ShowResultAsync(id, new RequestResult(state, text, undoAt, containment), cancellation);
        }
    }

    /// <summary>Sends a fresh card, so that phones ring, to everyone who has one of this containment.</summary>
    public async Task<IReadOnlyList<string>> RemindAsync(
        string containment,
        ResultState state,
        string text,
        DateTimeOffset? undoAt,
        CancellationToken cancellation
    )
    {
        var problems = new List<string>();
        foreach (var id in Enabled ? await cards.RequestsOfAsync(containment, cancellation) : [])
        {
            if (await register.FindAsync(id, cancellation) is not { Result: { } before } || IsOver(before.State))
                continue;
            await register.SetResultAsync(id, new RequestResult(state, text, undoAt, containment), cancellation);
            foreach (var copy in (await cards.AllAsync(id, cancellation)).DistinctBy(c => c.Person))
            {
                try
                {
                    var requests = await ReadAsync([id], id, null, cancellation);
                    var fresh = await PostAsync(
                        new ConversationReference(copy.ServiceUrl, copy.Conversation, ""),
                        copy.Person,
                        requests,
                        cancellation
                    );
                    await cards.RememberAsync(fresh, cancellation);
                }
                catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
                {
                    problems.Add(e.Message);
                }
            }
            problems.AddRange(await RedrawAsync(id, null, cancellation));
        }
        return problems;
    }

    /// <summary>The card as it is now, for the answer to a click.</summary>
    /// <param name="view">View of <paramref name="id"/> where it is newer than what the orchestration shows.</param>
    public async Task<JsonObject> BuildAsync(
        IReadOnlyList<string> ids,
        string id,
        ApprovalView? view,
        bool detailed,
        CancellationToken cancellation
    ) =>
        ApprovalCard.Build(
            [.. (await ReadAsync(ids, id, view, cancellation)).Select(r => r with { Detailed = detailed })],
            console: settings.ConsoleUrl
        );

    /// <summary>The card after an answer to several of its requests.</summary>
    public async Task<JsonObject> BuildAsync(
        IReadOnlyList<string> ids,
        IReadOnlyDictionary<string, ApprovalView> newer,
        CancellationToken cancellation
    ) =>
        ApprovalCard.Build(
            [
                .. (await ReadAsync(ids, "", null, cancellation)).Select(r =>
                    newer.TryGetValue(r.Id, out var view) ? r with { View = view } : r
                ),
            ],
            console: settings.ConsoleUrl
        );

    /// <summary>The card while a release is on its way: no button left to press twice.</summary>
    public async Task<JsonObject> BuildReleasingAsync(IReadOnlyList<string> ids, string id, string text, CancellationToken cancellation) =>
        ApprovalCard.Build(
            [
                .. (await ReadAsync(ids, "", null, cancellation)).Select(r =>
                    r.Id == id && r.Result is { } result
                        ? r with
                        {
                            Result = result with { State = ResultState.Releasing, Text = text },
                        }
                        : r
                ),
            ],
            console: settings.ConsoleUrl
        );

    private static bool IsOver(ResultState state) => state is ResultState.Released or ResultState.Undone or ResultState.Failed;

    private async Task SendAsync(string id, ApprovalView view, string person, bool final, CancellationToken cancellation)
    {
        if ((await cards.AllAsync(id, cancellation)).Any(c => c.Person == person))
            return; // A retry, or asked on an earlier rung.
        var group = view.Request.Decision.Batch ?? view.Request.Incident;
        var (mine, join) = await cards.ClaimAsync(group, person, cancellation);
        if (!mine && !final)
            throw new TransientFaultException("another card is just being sent to this person");
        if (!mine)
        {
            // In a long flood the others may keep the claim for all our tries. A card of its own is better than climbing past somebody who
            // could be asked.
            await cards.RememberAsync(
                await PostAsync(
                    await ReferenceAsync(person, cancellation),
                    person,
                    await ReadAsync([id], id, view, cancellation),
                    cancellation
                ),
                cancellation
            );
            return;
        }
        try
        {
            var sent =
                join is { Requests.Count: < ApprovalCard.MaxRequests } && await JoinAsync(join, id, view, cancellation) is { } joined
                    ? joined
                    : await PostAsync(
                        await ReferenceAsync(person, cancellation),
                        person,
                        await ReadAsync([id], id, view, cancellation),
                        cancellation
                    );
            await cards.RememberAsync(sent, cancellation);
            await cards.SentAsync(group, sent, cancellation);
        }
        catch
        {
            await cards.ReleaseAsync(group, person, CancellationToken.None);
            throw;
        }
    }

    private async Task<SentCard?> JoinAsync(SentCard card, string id, ApprovalView view, CancellationToken cancellation)
    {
        var joined = card with { Requests = [.. card.Requests.Where(r => r != id), id] };
        var requests = await ReadAsync(joined.Requests, id, view, cancellation);
        if (requests.Count != joined.Requests.Count || requests.Any(r => r.View.State != ApprovalState.Pending))
            return null;
        return await UpdateAsync(joined, requests, cancellation);
    }

    private async Task<SentCard> PostAsync(
        ConversationReference to,
        string person,
        IReadOnlyList<CardRequest> requests,
        CancellationToken cancellation
    )
    {
        string[] viewers = to.UserId.Length > 0 ? [to.UserId] : [];
        var card = ApprovalCard.Build(requests, viewers, settings.ConsoleUrl);
        var activity = await connector.SendAsync(to, card, ApprovalCard.Speak(requests), cancellation);
        return new SentCard(to.ServiceUrl, to.Conversation, activity, person, [.. requests.Select(r => r.Id)], ApprovalCard.HashOf(card));
    }

    private async Task<SentCard> UpdateAsync(SentCard copy, IReadOnlyList<CardRequest> requests, CancellationToken cancellation)
    {
        var reference = copy.Person == ChannelPerson ? null : await conversations.FindPersonAsync(copy.Person, cancellation);
        var card = ApprovalCard.Build(requests, reference is { UserId.Length: > 0 } ? [reference.UserId] : [], settings.ConsoleUrl);
        var hash = ApprovalCard.HashOf(card);
        if (hash == copy.Hash)
            return copy;
        await connector.UpdateAsync(copy, card, ApprovalCard.Speak(requests), cancellation);
        var updated = copy with { Hash = hash };
        await cards.RememberAsync(updated, cancellation);
        return updated;
    }

    private async Task<List<CardRequest>> ReadAsync(
        IReadOnlyList<string> ids,
        string id,
        ApprovalView? view,
        CancellationToken cancellation
    )
    {
        var requests = new List<CardRequest>(ids.Count);
        foreach (var each in ids)
        {
            var seen = each == id && view is not null ? view : await register.ViewAsync(each, cancellation);
            if (seen is not null && await register.FindAsync(each, cancellation) is { } known)
                requests.Add(new CardRequest(each, known.Nonce, seen, known.Result) { Note = known.Note });
        }
        return requests.Count > 0 ? requests : throw new PermanentFaultException("the requests of a card are gone");
    }

    private async Task<ConversationReference> ReferenceAsync(string person, CancellationToken cancellation)
    {
        if (person == ChannelPerson)
            return await conversations.FindChannelAsync(settings.Channel!, cancellation)
                ?? new ConversationReference(settings.ServiceUrl.ToString(), settings.Channel!, "");
        if (await conversations.FindPersonAsync(person, cancellation) is { } known)
            return known;
        // Installed for the person by the administrator, who never talked to it: Teams takes the object id.
        var opened = await connector.OpenAsync(settings.ServiceUrl.ToString(), person, cancellation);
        await conversations.RememberPersonAsync(person, opened with { UserId = "" }, cancellation);
        return opened with { UserId = "" };
    }
}
