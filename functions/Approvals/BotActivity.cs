using System.Text.Json;
using IRFunctions.People;

namespace IRFunctions.Approvals;

/// <summary>
/// The fields of a Bot Framework activity that matter here, each bounded, nothing believed before the token was. What has another shape
/// reads as absent.
/// </summary>
public sealed record BotActivity
{
    private const int MaxId = 1024;
    private const int MaxRequests = ApprovalCard.MaxRequests;

    /// <summary>One name, one value, so that no two readers can disagree about who clicked.</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public string Type { get; init; } = "";
    public string Name { get; init; } = "";
    public string Id { get; init; } = "";
    public string ChannelId { get; init; } = "";
    public string ServiceUrl { get; init; } = "";

    /// <summary>"29:..." of the person, for this bot.</summary>
    public string FromId { get; init; } = "";

    /// <summary>Entra object id, lower case; empty where there is none or it is no GUID.</summary>
    public string FromObjectId { get; init; } = "";
    public string FromName { get; init; } = "";
    public string Conversation { get; init; } = "";

    /// <summary>"personal", "groupChat" or "channel".</summary>
    public string ConversationType { get; init; } = "";

    /// <summary>Every tenant the activity names, lower case; "?" for one that is no GUID.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>Activity id of the card that was clicked.</summary>
    public string ReplyTo { get; init; } = "";

    /// <summary>"add", "remove", ... of an installationUpdate.</summary>
    public string Action { get; init; } = "";
    public string Verb { get; init; } = "";

    /// <summary>True where a client refreshed the card by itself: nobody clicked.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>What the card says it is about; null where that is unreadable.</summary>
    public IReadOnlyList<ClickedRequest>? Requests { get; init; }
    public string Reason { get; init; } = "";

    /// <summary>Null where the bytes are not one JSON object.</summary>
    public static BotActivity? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            return json.RootElement.ValueKind == JsonValueKind.Object ? Of(json.RootElement) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static BotActivity Of(JsonElement root)
    {
        var (from, conversation, value) = (Child(root, "from"), Child(root, "conversation"), Child(root, "value"));
        var (channel, action) = (Child(root, "channelData"), Child(value, "action"));
        var data = Child(action, "data");
        return new BotActivity
        {
            Type = Text(root, "type"),
            Name = Text(root, "name"),
            Id = Text(root, "id"),
            ChannelId = Text(root, "channelId"),
            ServiceUrl = Text(root, "serviceUrl"),
            FromId = Text(from, "id"),
            FromObjectId = GuidOf(Text(from, "aadObjectId")) ?? "",
            FromName = Text(from, "name"),
            Conversation = Text(conversation, "id"),
            ConversationType = Text(conversation, "conversationType"),
            ReplyTo = Text(root, "replyToId"),
            Tenants =
            [
                .. ((string[])[Text(conversation, "tenantId"), Text(Child(channel, "tenant"), "id")])
                    .Where(t => t.Length > 0)
                    .Select(t => GuidOf(t) ?? "?"),
            ],
            Action = Text(root, "action"),
            Verb = Text(action, "verb"),
            IsAutomatic = Text(value, "trigger") is not ("" or "manual"),
            Requests = RequestsOf(data),
            Reason = Text(data, "reason", Objection.MaxReason + 1),
        };
    }

    private static List<ClickedRequest>? RequestsOf(JsonElement data)
    {
        if (
            data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("requests", out var list)
            || list.ValueKind != JsonValueKind.Array
        )
            return null;
        if (list.GetArrayLength() is 0 or > MaxRequests)
            return null;
        var requests = list.EnumerateArray().Select(r => new ClickedRequest(Text(r, "id"), Text(r, "nonce"))).ToList();
        return requests.DistinctBy(r => r.Id).Count() == requests.Count ? requests : null;
    }

    private static JsonElement Child(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.Object
            ? child
            : default;

    /// <summary>
    /// A string within bounds; empty for anything else. Longer ones come back as empty, except the reason, which is judged by its length.
    /// </summary>
    private static string Text(JsonElement parent, string name, int? cutAt = null)
    {
        if (
            parent.ValueKind != JsonValueKind.Object
            || !parent.TryGetProperty(name, out var value)
            || value.ValueKind != JsonValueKind.String
        )
            return "";
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return ""; // Half a surrogate pair in an escape is no text.
        }
        if (cutAt is { } most)
            return text.Length > most ? text[..most] : text;
        return text.Length <= MaxId ? text : "";
    }

    private static string? GuidOf(string text) => Guid.TryParseExact(text, "D", out var id) ? id.ToString() : null;
}

/// <summary>A request as the clicked card names it.</summary>
public sealed record ClickedRequest(string Id, string Nonce);
