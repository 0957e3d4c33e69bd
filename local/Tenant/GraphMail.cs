using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// /users/{id}/messages and /mailFolders. A message that moves gets a new id unless the caller prefers immutable ids, as in Exchange.
/// </summary>
internal sealed class GraphMail(TenantState state)
{
    private static readonly (string Name, string Display)[] WellKnown =
    [
        ("inbox", "Inbox"),
        ("drafts", "Drafts"),
        ("sentitems", "Sent Items"),
        ("deleteditems", "Deleted Items"),
        ("junkemail", "Junk Email"),
        ("archive", "Archive"),
        ("recoverableitemsdeletions", "Deletions"),
    ];

    /// <param name="exchange">The request.</param>
    /// <param name="user">Whose mailbox.</param>
    /// <param name="path">Segments after "users/{id}": "messages" or "mailFolders" and on.</param>
    public TenantResponse Handle(Exchange exchange, JsonObject user, ReadOnlySpan<string> path)
    {
        var id = (string)user["id"]!;
        return path[0] == "messages" ? Messages(exchange, id, path[1..], null) : Folders(exchange, id, path[1..]);
    }

    /// <summary>Puts a message into a mailbox; returns its id.</summary>
    public string Deliver(
        string userId,
        string subject,
        string from,
        string to,
        string internetMessageId,
        DateTimeOffset at,
        string? networkMessageId = null
    )
    {
        var id = NewMessageId();
        state.Put(Kind.Message, id, NewMessage(id, userId, subject, from, to, internetMessageId, at, networkMessageId));
        state.Record("message.deliver", id, internetMessageId, changed: true);
        return id;
    }

    internal static JsonObject NewMessage(
        string id,
        string userId,
        string subject,
        string from,
        string to,
        string internetMessageId,
        DateTimeOffset at,
        string? networkMessageId = null
    ) =>
        new()
        {
            // Headers come with $select only.
            ["internetMessageHeaders"] = networkMessageId is null
                ? null
                : new JsonArray(
                    new JsonObject { ["name"] = "X-MS-Exchange-Organization-Network-Message-Id", ["value"] = networkMessageId }
                ),
            ["id"] = id,
            ["_user"] = userId,
            ["@odata.etag"] = $"W/\"{id}\"",
            ["createdDateTime"] = Second(at),
            ["lastModifiedDateTime"] = Second(at),
            ["changeKey"] = id,
            ["categories"] = new JsonArray(),
            ["receivedDateTime"] = Second(at),
            ["sentDateTime"] = Second(at),
            ["hasAttachments"] = false,
            ["internetMessageId"] = internetMessageId,
            ["subject"] = subject,
            ["bodyPreview"] = subject,
            ["importance"] = "normal",
            ["parentFolderId"] = FolderId(userId, "inbox"),
            ["conversationId"] = $"AAQk{id}",
            ["isRead"] = false,
            ["isDraft"] = false,
            ["body"] = new JsonObject { ["contentType"] = "text", ["content"] = subject },
            ["sender"] = Address(from),
            ["from"] = Address(from),
            ["toRecipients"] = new JsonArray(Address(to)),
        };

    private TenantResponse Messages(Exchange exchange, string userId, ReadOnlySpan<string> path, string? folderId)
    {
        var set = $"users('{userId}')/messages";
        var method = exchange.Request.Method;
        if (path.IsEmpty)
        {
            if (method != "GET")
                return exchange.MethodNotAllowed();
            return exchange.Collection(
                set,
                EntityType.Message,
                state
                    .All(Kind.Message)
                    .Where(m => (string?)m["_user"] == userId && (folderId is null || (string?)m["parentFolderId"] == folderId))
                    .Select(m => Shown(exchange, m))
            );
        }
        if (Find(exchange, path[0]) is not { } message || (string?)message["_user"] != userId)
            return NoItem(exchange);
        return (method, path.Length) switch
        {
            ("GET", 1) => exchange.Entity(200, set, EntityType.Message, Shown(exchange, message)),
            ("POST", 2) when path[1] is "move" or "microsoft.graph.move" => Move(exchange, userId, message),
            (_, > 1) => exchange.NoSuchSegment(path[1]),
            _ => exchange.MethodNotAllowed(),
        };
    }

    private TenantResponse Move(Exchange exchange, string userId, JsonObject message)
    {
        var body = exchange.ReadBody();
        if (((string?)body?["destinationId"] ?? (string?)body?["DestinationId"]) is not { Length: > 0 } destination)
            return exchange.BadBody();
        if (FindFolder(userId, destination) is not { } folder)
            return NoItem(exchange);
        var (oldId, folderId) = ((string)message["id"]!, (string)folder["id"]!);
        var keepsId = PrefersImmutable(exchange);
        var changed = (string?)message["parentFolderId"] != folderId;
        var newId = keepsId || !changed ? oldId : NewMessageId();
        message["_immutable"] ??= oldId; // However often it moves, who asks with immutable ids finds it under this one.
        state.Remove(Kind.Message, oldId);
        message["id"] = newId;
        message["parentFolderId"] = folderId;
        message["lastModifiedDateTime"] = Second(exchange.Now);
        state.Put(Kind.Message, newId, message);
        state.Record(
            "message.move",
            oldId,
            $"{(string?)message["internetMessageId"]} to {(string?)folder["displayName"]} as {newId}",
            changed
        );
        return exchange.Entity(201, $"users('{userId}')/messages", EntityType.Message, Shown(exchange, message));
    }

    private static bool PrefersImmutable(Exchange exchange) =>
        exchange.Request.Prefer?.Contains("ImmutableId", StringComparison.OrdinalIgnoreCase) == true;

    private JsonObject? Find(Exchange exchange, string id) =>
        state.Find(Kind.Message, id)
        ?? (PrefersImmutable(exchange) ? state.All(Kind.Message).FirstOrDefault(m => (string?)m["_immutable"] == id) : null);

    /// <summary>With immutable ids asked for, answers carry those.</summary>
    private static JsonObject Shown(Exchange exchange, JsonObject message)
    {
        if (!PrefersImmutable(exchange) || (string?)message["_immutable"] is not { } id)
            return message;
        var shown = message.DeepClone().AsObject();
        shown["id"] = id;
        return shown;
    }

    private TenantResponse Folders(Exchange exchange, string userId, ReadOnlySpan<string> path)
    {
        var set = $"users('{userId}')/mailFolders";
        var method = exchange.Request.Method;
        if (path.IsEmpty)
        {
            if (method == "POST")
                return CreateFolder(exchange, userId, set);
            var hidden = exchange.Request.Parameter("includeHiddenFolders") == "true";
            return method == "GET"
                ? exchange.Collection(set, EntityType.MailFolder, AllFolders(userId).Where(f => hidden || (bool?)f["isHidden"] != true))
                : exchange.MethodNotAllowed();
        }
        if (FindFolder(userId, path[0]) is not { } folder)
            return NoItem(exchange);
        if (path.Length == 1)
            return method == "GET" ? exchange.Entity(200, set, EntityType.MailFolder, folder) : exchange.MethodNotAllowed();
        return path[1] == "messages" ? Messages(exchange, userId, path[2..], (string)folder["id"]!) : exchange.NoSuchSegment(path[1]);
    }

    private TenantResponse CreateFolder(Exchange exchange, string userId, string set)
    {
        if ((string?)exchange.ReadBody()?["displayName"] is not { Length: > 0 } name)
            return exchange.BadBody();
        if (AllFolders(userId).Any(f => name.Equals((string?)f["displayName"], StringComparison.OrdinalIgnoreCase)))
        {
            return exchange.Error(409, "ErrorFolderExists", "A folder with the specified name already exists.");
        }
        var folder = Folder(string.Create(CultureInfo.InvariantCulture, $"AAMkFolder{state.NextSequence:x8}="), name);
        folder["_user"] = userId;
        folder["isHidden"] = exchange.ReadBody()!["isHidden"]?.GetValue<bool>() ?? false;
        state.Put(Kind.MailFolder, (string)folder["id"]!, folder);
        state.Record("mailFolder.create", (string)folder["id"]!, name, changed: true);
        return exchange.Entity(201, set, EntityType.MailFolder, folder);
    }

    private IEnumerable<JsonObject> AllFolders(string userId) =>
        WellKnown
            .Select(f => Folder(FolderId(userId, f.Name), f.Display))
            .Concat(state.All(Kind.MailFolder).Where(f => (string?)f["_user"] == userId));

    private JsonObject? FindFolder(string userId, string idOrName)
    {
        var isName = WellKnown.Any(f => f.Name.Equals(idOrName, StringComparison.OrdinalIgnoreCase));
        var id = isName ? FolderId(userId, idOrName.ToLowerInvariant()) : idOrName;
        return AllFolders(userId).FirstOrDefault(f => (string?)f["id"] == id);
    }

    private static JsonObject Folder(string id, string name) =>
        new()
        {
            ["id"] = id,
            ["displayName"] = name,
            ["parentFolderId"] = "AAMkRoot=",
            ["childFolderCount"] = 0,
            ["unreadItemCount"] = 0,
            ["totalItemCount"] = 0,
            ["isHidden"] = false,
        };

    private static string FolderId(string userId, string name) => $"AAMk{userId[^12..]}{name}=";

    private string NewMessageId() => string.Create(CultureInfo.InvariantCulture, $"AAMkAGI{state.NextSequence:x12}AAA=");

    private static JsonObject Address(string address) =>
        new()
        {
            ["emailAddress"] = new JsonObject { ["name"] = address, ["address"] = address },
        };

    private static string Second(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static TenantResponse NoItem(Exchange exchange) =>
        exchange.Error(404, "ErrorItemNotFound", "The specified object was not found in the store.");
}
