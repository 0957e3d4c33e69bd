using System.Buffers;
using System.Text;
using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// Writes an alert as the model reads it: one frame of fields we checked (enums, times, GUIDs, addresses, single words) and one of
/// everything else, JSON-encoded so that nothing inside can close its frame. Size is bounded, and what was cut is said.
/// </summary>
internal static class AlertMessage
{
    public const string TrustedStart = "<alert>\n";
    public const string TrustedEnd = "\n</alert>\n";
    public const string UntrustedStart = "<untrusted>\n";
    public const string UntrustedEnd = "\n</untrusted>";

    /// <summary>
    /// Entities shown, the most important ones; the rest is counted. Actions on entities beyond remain possible for people, not for the
    /// model.
    /// </summary>
    public const int MaxEntities = 30;

    /// <summary>Characters of untrusted text in all, before encoding.</summary>
    public const int MaxUntrusted = 5_000;

    private const int MaxDescription = 1_500;
    private const int MaxValue = 240;
    private const int MaxExtra = 400;
    private static readonly JsonWriterOptions Options = new() { Encoder = UntrustedText.Encoder, SkipValidation = true };

    /// <summary>The user message of an alert about which nothing else is known.</summary>
    public static string Write(Alert alert) => Write(alert, AlertContext.None);

    /// <summary>The user message.</summary>
    public static string Write(Alert alert, AlertContext context)
    {
        var buffer = new ArrayBufferWriter<byte>(4_096);
        using var json = new Utf8JsonWriter(buffer, Options);
        buffer.Write("<alert>\n"u8);
        WriteTrusted(json, alert, context);
        json.Flush();
        buffer.Write("\n</alert>\n<untrusted>\n"u8);
        json.Reset();
        WriteUntrusted(json, alert);
        json.Flush();
        buffer.Write("\n</untrusted>"u8);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The allowed actions, as the end of the system message.</summary>
    public static string WriteActions(IReadOnlyList<AllowedAction> actions)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartArray();
        foreach (var action in actions)
        {
            json.WriteStartObject();
            json.WriteString("name", action.Name);
            json.WriteNumber("tier", action.Tier);
            json.WriteString("target", action.TargetKind);
            json.WriteString("purpose", action.Tier >= 3 ? $"recommend to a person: {action.Purpose}" : action.Purpose);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteTrusted(Utf8JsonWriter json, Alert alert, AlertContext context)
    {
        json.WriteStartObject();
        json.WriteString("shape", alert.Shape.ToString());
        json.WriteString("severity", alert.Severity.ToString());
        WriteWord(json, "product", alert.Product);
        WriteWord(json, "category", alert.Category);
        WriteWords(json, "tactics", alert.Tactics);
        WriteWords(json, "techniques", alert.Techniques);
        if (alert.FirstActivity is { } first)
            json.WriteString("first_activity", first);
        if (alert.LastActivity is { } last)
            json.WriteString("last_activity", last);
        if (alert.MemberAlertIds.Count > 0)
            json.WriteNumber("alerts_inside", alert.MemberAlertIds.Count);
        json.WriteStartArray("entities");
        foreach (var entity in EntityRank.Foremost(alert.Entities, MaxEntities))
            WriteTrusted(json, entity);
        json.WriteEndArray();
        if (alert.Entities.Count > MaxEntities)
            json.WriteNumber("entities_not_shown", alert.Entities.Count - MaxEntities);
        ContextMessage.Write(json, context);
        json.WriteEndObject();
    }

    private static void WriteTrusted(Utf8JsonWriter json, Entity entity)
    {
        json.WriteStartObject();
        json.WriteString("id", entity.Id);
        json.WriteString("kind", EntityKind.Of(entity));
        switch (entity)
        {
            case AccountEntity account:
                WriteGuid(json, "object_id", account.ObjectId);
                break;
            case IpEntity ip:
                json.WriteString("address", ip.Address);
                break;
            case HostEntity host:
                WriteWord(json, "device_id", host.DefenderDeviceId);
                WriteWord(json, "os", host.OsPlatform);
                break;
            case MailMessageEntity mail:
                WriteGuid(json, "network_message_id", mail.NetworkMessageId);
                break;
            case MailboxEntity mailbox:
                WriteGuid(json, "object_id", mailbox.ObjectId);
                break;
            case ApplicationEntity application:
                WriteGuid(json, "app_id", application.AppId);
                break;
            default:
                break;
        }
        // Of another tenant, or a message that no action finds: recommending something on it would be in vain.
        if (entity.IsForeign || (entity is MailMessageEntity message && !Targets.CanBeFound(message)))
            json.WriteBoolean("cannot_be_acted_on", true);
        WriteWord(json, "source_verdict", entity.SourceVerdict);
        WriteWords(json, "roles", entity.Roles);
        json.WriteEndObject();
    }

    private static void WriteUntrusted(Utf8JsonWriter json, Alert alert)
    {
        var text = new UntrustedWriter(json, MaxUntrusted);
        json.WriteStartObject();
        text.Write("title", alert.Title, MaxValue);
        text.Write("description", alert.Description, MaxDescription);
        if (alert.Severity == Severity.Unknown)
            text.Write("severity", alert.SeverityText, MaxValue);
        text.WriteUnlessWord("product", alert.Product);
        text.WriteUnlessWord("category", alert.Category);
        text.WriteUnlessWord("tactics", string.Join(", ", alert.Tactics.Where(t => !UntrustedText.IsPlainWord(t))));
        text.Write("parser_notes", string.Join(" ", alert.Notes.Take(5)), MaxValue);
        json.WriteStartObject("entities");
        foreach (var entity in EntityRank.Foremost(alert.Entities, MaxEntities))
        {
            json.WriteStartObject(entity.Id);
            WriteNames(text, entity);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        // JSON inside JSON: each quotation mark would be three tokens, a tenth of the prompt, and names and values are as plain without.
        text.Write("more", alert.Extra?.Replace("\"", "", StringComparison.Ordinal), MaxExtra);
        json.WriteEndObject();
    }

    private static void WriteNames(UntrustedWriter text, Entity entity)
    {
        var before = text.Written;
        switch (entity)
        {
            case AccountEntity account:
                text.Write("upn", account.UserPrincipalName);
                text.Write("name", account.Name);
                text.Write("domain", account.Domain);
                break;
            case HostEntity host:
                text.Write("host_name", host.HostName);
                text.Write("dns_domain", host.DnsDomain);
                text.WriteUnlessWord("os", host.OsPlatform);
                break;
            case MailMessageEntity mail:
                text.Write("subject", mail.Subject);
                text.Write("sender", mail.Sender);
                text.Write("recipient", mail.Recipient);
                if (!Guid.TryParse(mail.NetworkMessageId, out _))
                    text.Write("internet_message_id", mail.InternetMessageId);
                break;
            case MailboxEntity mailbox:
                text.Write("address", mailbox.PrimaryAddress);
                break;
            case ApplicationEntity application:
                text.Write("name", application.Name);
                break;
            case AzureResourceEntity resource:
                text.Write("resource_id", resource.ResourceId);
                break;
            case FileEntity file:
                text.Write("name", file.Name);
                text.Write("path", file.Path);
                break;
            case ProcessEntity process:
                text.Write("image", process.ImageName);
                text.Write("command_line", process.CommandLine, MaxValue * 2);
                break;
            case UrlEntity url:
                text.Write("url", url.Url);
                break;
            case RegistryEntity registry:
                text.Write("key", registry.Key);
                text.Write("value", registry.Value);
                break;
            case OtherEntity other:
                text.Write("type", other.Type);
                break;
            default:
                break;
        }
        // The display text mostly repeats a name; it costs tokens, so it stands only where nothing else does.
        if (text.Written == before && entity is not IpEntity)
            text.Write("display", entity.Display);
    }

    private static void WriteGuid(Utf8JsonWriter json, string name, string? value)
    {
        if (Guid.TryParse(value, out var guid))
            json.WriteString(name, guid);
    }

    private static void WriteWord(Utf8JsonWriter json, string name, string? value)
    {
        if (UntrustedText.IsPlainWord(value))
            json.WriteString(name, value);
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        var started = false;
        foreach (var value in values.Take(20))
        {
            if (!UntrustedText.IsPlainWord(value))
                continue;
            if (!started)
                json.WriteStartArray(name);
            started = true;
            json.WriteStringValue(value);
        }
        if (started)
            json.WriteEndArray();
    }

    /// <summary>Writes untrusted strings while the budget lasts; what does not fit is cut and said.</summary>
    private sealed class UntrustedWriter(Utf8JsonWriter json, int budget)
    {
        public int Written { get; private set; }

        public void WriteUnlessWord(string name, string? value)
        {
            if (!UntrustedText.IsPlainWord(value))
                Write(name, value);
        }

        public void Write(string name, string? value, int max = MaxValue)
        {
            if (string.IsNullOrWhiteSpace(value))
                return;
            var text = UntrustedText.Cut(value, Math.Min(max, Math.Max(budget - Written, 0)));
            Written += Math.Min(value.Length, max);
            json.WriteString(name, text);
        }
    }
}
