using System.Text.Json;
using System.Text.Json.Serialization;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Graph.Users.Item.Messages.Item.Move;
using Microsoft.Kiota.Abstractions;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Moves a message into a hidden folder of its own mailbox, and back into the folder it came from. Messages are held by immutable ids,
/// which a move does not change.
/// </summary>
public sealed class QuarantineEmail(GraphServiceClient graph) : IContainmentAction
{
    /// <summary>Name of the hidden folder; mail programs do not show it.</summary>
    public const string Folder = "IRFunctions quarantine";

    private const int MostCopies = 20;
    private const string NetworkHeader = "X-MS-Exchange-Organization-Network-Message-Id";
    private static readonly string[] Fields = ["id", "subject", "parentFolderId", "internetMessageId"];
    private static readonly string[] FieldsToTellApart = [.. Fields, "internetMessageHeaders"];

    public ActionCapability Capability { get; } = new("quarantine_email", "mailMessage", Reversible: true);

    /// <remarks>Least privilege: graph/permissions_least_privilege.json, POST /users/{id}/messages/{id}/move.</remarks>
    public string Permission => "Mail.ReadWrite";

    public string Captures => "mailbox, immutable id and folder of every copy the alert names";

    public string Through => "Microsoft Graph";

    public async Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var (copies, unsure) = await FindAsync(order, cancellation);
        if (unsure is not null)
            return new Estimate(null, unsure);
        var boxes = copies.Select(c => c.Shown).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return new Estimate(
            boxes.Count,
            boxes.Count == 0
                ? "nobody: the message is in none of the mailboxes the alert names"
                : $"one message each in {boxes.Count} mailbox(es): {string.Join(", ", boxes.Take(3))}"
        );
    }

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        if (order.Mail.Count == 0)
            return Refused("the alert does not say in whose mailbox the message is, or its internet message id; a person has to find it");
        if (order.Mail.Count > MostCopies)
            return Refused($"the message is in {order.Mail.Count} mailboxes; more than {MostCopies} are for people to decide");
        var (copies, unsure) = await FindAsync(order, cancellation);
        if (unsure is not null)
            return Refused(unsure);
        var free = copies.Where(c => c.From != c.Quarantine).ToList();
        return new PriorState
        {
            AlreadySo = free.Count == 0,
            Summary =
                copies.Count == 0 ? "the message is in none of the mailboxes any more"
                : free.Count == 0 ? "the message was in quarantine already"
                : $"{free.Count} copies of the message were in the mailboxes of {string.Join(", ", free.Select(c => c.Shown).Take(3))}",
            Value = JsonSerializer.Serialize(free),
        };

        static PriorState Refused(string why) =>
            new()
            {
                AlreadySo = false,
                Summary = "the message was not looked for",
                Refusal = why,
            };
    }

    /// <remarks>
    /// Making the quarantine folder needs the permission to write mail that moving back needs, and nobody sees a hidden folder.
    /// </remarks>
    public async Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        foreach (var mailbox in CopiesOf(prior).Select(c => c.Mailbox).Distinct(StringComparer.OrdinalIgnoreCase))
            await FolderAsync(mailbox, create: true, cancellation);
        return "moving the message back is permitted: the quarantine folder could be made in the same mailbox";
    }

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var copies = CopiesOf(prior);
        foreach (var copy in copies)
        {
            var quarantine = await FolderAsync(copy.Mailbox, create: true, cancellation);
            if (await WhereIsAsync(copy, cancellation) is { } now && now != quarantine)
                await MoveAsync(copy, quarantine!, cancellation);
        }
        return $"{copies.Count} cop{(copies.Count == 1 ? "y" : "ies")} of the message moved to quarantine";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation)
    {
        foreach (var copy in CopiesOf(prior))
        {
            if (await WhereIsAsync(copy, cancellation) is not { } now)
                continue; // Deleted by its owner: not in the mailbox either.
            if (now != await FolderAsync(copy.Mailbox, create: false, cancellation))
                return false;
        }
        return true;
    }

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        var (back, others) = (new List<string>(), new List<string>());
        foreach (var copy in CopiesOf(order.Prior))
        {
            var quarantine = await FolderAsync(copy.Mailbox, create: false, cancellation);
            var now = await WhereIsAsync(copy, cancellation);
            if (now == copy.From)
                back.Add(copy.Shown); // By an earlier attempt, before a crash; a person's move back looks the same and is as good.
            else if (now is null)
                others.Add($"{copy.Shown} (deleted meanwhile)");
            else if (now != quarantine)
                others.Add($"{copy.Shown} (moved elsewhere by someone else meanwhile)");
            else
                back.Add(await ReturnAsync(copy, cancellation));
        }
        var text = back.Count > 0 ? $"back in the mailbox of {string.Join(", ", back)}" : "nothing was changed";
        return new RollbackReport(back.Count > 0, others.Count == 0 ? text : $"{text}; left as it is in {string.Join(", ", others)}");
    }

    /// <summary>Back to its folder; to the inbox where that folder is gone. Read back.</summary>
    private async Task<string> ReturnAsync(Copy copy, CancellationToken cancellation)
    {
        var note = copy.Shown;
        try
        {
            await MoveAsync(copy, copy.From, cancellation);
        }
        catch (PermanentFaultException) // The folder was deleted; another permanent reason shows in the second try.
        {
            await MoveAsync(copy, "inbox", cancellation);
            note = $"{copy.Shown} (in the inbox: the folder it came from is gone)";
        }
        if (await WhereIsAsync(copy, cancellation) == await FolderAsync(copy.Mailbox, create: false, cancellation))
            throw new TransientFaultException($"the message still reads as quarantined in {copy.Shown}");
        return note;
    }

    /// <summary>The copies; <c>Unsure</c> says why it is not clear which messages they are.</summary>
    private async Task<(List<Copy> Found, string? Unsure)> FindAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var found = new List<Copy>();
        foreach (var place in order.Mail.Take(MostCopies))
        {
            var quarantine = await FolderAsync(place.Mailbox, create: false, cancellation);
            var messages = await Call(
                $"finding the message in {place.Mailbox}",
                () =>
                    graph
                        .Users[place.Mailbox]
                        .Messages.GetAsync(
                            r =>
                            {
                                KeepIds(r.Headers);
                                r.QueryParameters.Filter =
                                    $"internetMessageId eq '{place.InternetMessageId.Replace("'", "''", StringComparison.Ordinal)}'";
                                r.QueryParameters.Select = FieldsToTellApart;
                            },
                            cancellation
                        )
            );
            var (meant, unsure) = Meant(place, messages?.Value ?? []);
            if (unsure is not null)
                return ([], unsure);
            found.AddRange(meant.Select(m => new Copy(place.Mailbox, m.Id!, m.ParentFolderId!, quarantine) { Name = place.Name }));
        }
        return (found, null);
    }

    /// <summary>
    /// Anybody may send a message under another's internet message id, so that only the id of our own mail system tells which is meant. One
    /// that bears another is not it; of several that bear none, nobody can say.
    /// </summary>
    private static (IReadOnlyList<Message> Meant, string? Unsure) Meant(MailCopy place, IReadOnlyList<Message> found)
    {
        Message[] named = [.. found.Where(m => place.NetworkMessageId is { } id && Same(NetworkIdOf(m), id))];
        if (named.Length > 0)
            return (named, null);
        Message[] possible = [.. found.Where(m => place.NetworkMessageId is null || NetworkIdOf(m) is null)];
        return possible.Length > 1
            ? (
                [],
                $"{possible.Length} messages in the mailbox have this internet message id, and nothing tells which the alert means; "
                    + "a person has to look"
            )
            : (possible, null);
    }

    private static string? NetworkIdOf(Message message) =>
        message.InternetMessageHeaders?.FirstOrDefault(h => Same(h.Name, NetworkHeader))?.Value?.Trim();

    private static bool Same(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>The folder it is in; null where it is gone.</summary>
    private async Task<string?> WhereIsAsync(Copy copy, CancellationToken cancellation)
    {
        try
        {
            var message = await Call(
                $"reading the message in {copy.Mailbox}",
                () =>
                    graph
                        .Users[copy.Mailbox]
                        .Messages[copy.Id]
                        .GetAsync(
                            r =>
                            {
                                KeepIds(r.Headers);
                                r.QueryParameters.Select = Fields;
                            },
                            cancellation
                        )
            );
            return message?.ParentFolderId;
        }
        catch (PermanentFaultException e) when (Faults.IsNotFound(e))
        {
            return null;
        }
    }

    private Task<Message?> MoveAsync(Copy copy, string folder, CancellationToken cancellation) =>
        Call(
            $"moving the message in {copy.Mailbox}",
            () =>
                graph
                    .Users[copy.Mailbox]
                    .Messages[copy.Id]
                    .Move.PostAsync(new MovePostRequestBody { DestinationId = folder }, r => KeepIds(r.Headers), cancellation)
        );

    private async Task<string?> FolderAsync(string mailbox, bool create, CancellationToken cancellation)
    {
        var folders = await Call(
            $"finding the quarantine folder of {mailbox}",
            () =>
                graph
                    .Users[mailbox]
                    .MailFolders.GetAsync(
                        r =>
                        {
                            KeepIds(r.Headers);
                            r.QueryParameters.Filter = $"displayName eq '{Folder}'";
                            r.QueryParameters.IncludeHiddenFolders = "true";
                        },
                        cancellation
                    )
        );
        if (folders?.Value is [var found, ..])
            return found.Id;
        if (!create)
            return null;
        var made = await Call(
            $"making the quarantine folder of {mailbox}",
            () =>
                graph
                    .Users[mailbox]
                    .MailFolders.PostAsync(new MailFolder { DisplayName = Folder, IsHidden = true }, r => KeepIds(r.Headers), cancellation)
        );
        return made?.Id;
    }

    private Task<T> Call<T>(string what, Func<Task<T>> call) => Faults.CallGraphAsync(what, Permission, call);

    private static void KeepIds(RequestHeaders headers) => headers.Add("Prefer", "IdType=\"ImmutableId\"");

    private static List<Copy> CopiesOf(PriorState prior) => JsonSerializer.Deserialize<List<Copy>>(prior.Value ?? "[]")!;

    /// <param name="Id">Immutable id.</param>
    /// <param name="From">Folder it was in.</param>
    /// <param name="Quarantine">The quarantine folder where there is one already.</param>
    private sealed record Copy(string Mailbox, string Id, string From, string? Quarantine)
    {
        /// <summary>The mailbox's address for words.</summary>
        public string? Name { get; init; }

        [JsonIgnore]
        public string Shown => Name ?? Mailbox;
    }
}
