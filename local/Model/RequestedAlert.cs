using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Assessment;

namespace IRFunctions.Local.Model;

/// <summary>
/// The alert and the allowed actions, read back from a chat-completions request of <see cref="Classifier"/>: as much of them as the prompt
/// shows.
/// </summary>
internal sealed record RequestedAlert(Alert Alert, IReadOnlyList<AllowedAction> Actions, string Model, int PromptLength)
{
    /// <summary>The line of the instructions that is not to be repeated; empty where there is none.</summary>
    public string Secret { get; private init; } = "";

    private const string ActionsStart = "Allowed actions:\n";

    /// <exception cref="FormatException">Not a request of ours; the message says what is missing.</exception>
    public static RequestedAlert Parse(ReadOnlyMemory<byte> request)
    {
        try
        {
            using var document = JsonDocument.Parse(request);
            var root = document.RootElement;
            var system = Content(root, "system");
            var user = Content(root, "user");
            return new RequestedAlert(
                ReadAlert(user),
                ReadActions(system),
                root.GetProperty("model").GetString()!,
                system.Length + user.Length + SchemaLength(root)
            )
            {
                Secret = system.Split('\n').FirstOrDefault(line => line.Contains("are secret", StringComparison.Ordinal)) ?? "",
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"This endpoint answers the classification requests of IRFunctions only: {e.Message}", e);
        }
    }

    /// <summary>Endpoints count the schema of the answer as input.</summary>
    private static int SchemaLength(JsonElement root) =>
        root.TryGetProperty("response_format", out var format)
        && format.TryGetProperty("json_schema", out var json)
        && json.TryGetProperty("schema", out var schema)
            ? JsonSerializer.Serialize(schema).Length
            : 0;

    private static string Content(JsonElement root, string role)
    {
        foreach (var message in root.GetProperty("messages").EnumerateArray())
        {
            if (message.GetProperty("role").GetString() != role)
                continue;
            var content = message.GetProperty("content");
            return content.ValueKind == JsonValueKind.String
                ? content.GetString()!
                : string.Concat(content.EnumerateArray().Select(part => part.GetProperty("text").GetString()));
        }
        throw new FormatException($"There is no {role} message.");
    }

    private static List<AllowedAction> ReadActions(string system)
    {
        var start = system.LastIndexOf(ActionsStart, StringComparison.Ordinal);
        if (start < 0)
            throw new FormatException("The system message lists no actions.");
        using var list = JsonDocument.Parse(system.AsMemory(start + ActionsStart.Length));
        return
        [
            .. list
                .RootElement.EnumerateArray()
                .Select(a => new AllowedAction(
                    a.GetProperty("name").GetString()!,
                    a.GetProperty("tier").GetInt32(),
                    a.GetProperty("target").GetString()!,
                    a.GetProperty("purpose").GetString()!
                )),
        ];
    }

    private static Alert ReadAlert(string user)
    {
        using var trusted = Frame(user, AlertMessage.TrustedStart, AlertMessage.TrustedEnd);
        using var untrusted = Frame(user, AlertMessage.UntrustedStart, AlertMessage.UntrustedEnd);
        var (fields, words) = (trusted.RootElement, untrusted.RootElement);
        return new Alert
        {
            Id = "requested",
            TenantId = "requested",
            Shape = Enum.Parse<AlertShape>(Text(fields, "shape") ?? nameof(AlertShape.GraphAlert)),
            Severity = Enum.Parse<Severity>(Text(fields, "severity") ?? nameof(Severity.Unknown)),
            Title = Text(words, "title") ?? "",
            Description = Text(words, "description") ?? "",
            Category = Text(fields, "category") ?? Text(words, "category") ?? "",
            Tactics = [.. Texts(fields, "tactics"), .. Text(words, "tactics") is { } more ? more.Split(", ") : []],
            Techniques = [.. Texts(fields, "techniques")],
            Entities = [.. fields.GetProperty("entities").EnumerateArray().Select(e => ReadEntity(e, words.GetProperty("entities")))],
        };
    }

    private static JsonDocument Frame(string user, string start, string end)
    {
        var from = user.IndexOf(start, StringComparison.Ordinal);
        var to = from < 0 ? -1 : user.IndexOf(end, from, StringComparison.Ordinal);
        if (to < 0)
            throw new FormatException($"The user message has no {start.Trim()} frame.");
        return JsonDocument.Parse(user.AsMemory(from + start.Length, to - from - start.Length));
    }

    private static Entity ReadEntity(JsonElement entity, JsonElement words)
    {
        var id = Text(entity, "id")!;
        var text = words.GetProperty(id);
        Entity read = Text(entity, "kind") switch
        {
            "account" => new AccountEntity
            {
                Id = id,
                ObjectId = Text(entity, "object_id"),
                UserPrincipalName = Text(text, "upn"),
            },
            "ip" => new IpEntity { Id = id, Address = Text(entity, "address")! },
            "host" => new HostEntity
            {
                Id = id,
                HostName = Text(text, "host_name"),
                DefenderDeviceId = Text(entity, "device_id"),
            },
            "mailMessage" => new MailMessageEntity
            {
                Id = id,
                NetworkMessageId = Text(entity, "network_message_id"),
                InternetMessageId = Text(text, "internet_message_id"),
            },
            "application" => new ApplicationEntity { Id = id, AppId = Text(entity, "app_id") },
            var kind => new OtherEntity { Id = id, Type = kind ?? "" },
        };
        return read with { SourceVerdict = Text(entity, "source_verdict"), Roles = [.. Texts(entity, "roles")] };
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) ? list.EnumerateArray().Select(v => v.GetString()!) : [];
}
