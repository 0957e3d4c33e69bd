using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>Messages and links.</summary>
internal static class Mail
{
    /// <summary>
    /// One entity for each message and recipient, since that is what a quarantine takes, and each recipient's mailbox. The sender's address
    /// stays text: it is written by the sender.
    /// </summary>
    public static List<Entity> Messages(Fields fields, References references)
    {
        var recipients = fields.Words("recipientEmailAddress", "recipient", "recipients", "recipientAddress", "to").Select(Bare).ToList();
        var template = new MailMessageEntity
        {
            Id = "",
            InternetMessageId = fields.Line("internetMessageId"),
            Sender =
                fields.Open("p2Sender")?.Line("emailAddress")
                ?? fields.Open("p1Sender")?.Line("emailAddress")
                ?? fields.Line("p2Sender", "p1Sender", "senderAddress", "sender", "senderFromAddress", "senderMailFromAddress", "from"),
            Subject = fields.Line("subject", "emailSubject"),
        };
        string?[] each = recipients.Count > 0 ? [.. recipients] : [null];
        var made = new List<Entity>();
        foreach (var id in MessageIds(fields))
        {
            foreach (var recipient in each)
            {
                var subject = template.Subject ?? id ?? template.InternetMessageId;
                var display = recipient is null ? subject : $"{subject} (to {recipient})";
                if (subject is not null)
                    made.Add(template with { NetworkMessageId = id, Recipient = recipient, Display = display! });
            }
        }
        if (made.Count > 0)
        {
            NoteCluster(fields, made);
            made.AddRange(recipients.Select(MailboxOf));
            made.AddRange(Links(fields));
        }
        return made;
    }

    /// <summary>"Adele Vance &lt;AdeleV@contoso.example&gt;" is the address in it.</summary>
    private static string Bare(string written)
    {
        var (open, close) = (written.LastIndexOf('<'), written.LastIndexOf('>'));
        return open >= 0 && close > open + 1 ? written[(open + 1)..close].Trim() : written;
    }

    private static MailboxEntity MailboxOf(string address) =>
        new()
        {
            Id = "",
            PrimaryAddress = address,
            Display = address,
        };

    private static void NoteCluster(Fields fields, List<Entity> made)
    {
        if (made.Count > 1 && made.All(entity => entity is MailMessageEntity { Recipient: null }))
            fields.Session.Notes.Add(
                $"{fields.Place} is a cluster of {made.Count} messages without their recipients: a person has to find and remove them."
            );
    }

    private static List<string?> MessageIds(Fields fields)
    {
        if (fields.Valid(Canonical.Guid, "networkMessageId") is { } one)
            return [one];
        var many = fields.Words("networkMessageIds").Select(Canonical.Guid).Where(id => id is not null).ToList();
        return many.Count > 0 ? many : [null];
    }

    /// <summary>The links in a message. Where one is no whole link the list stays in Extra, too.</summary>
    private static List<Entity> Links(Fields fields)
    {
        var links = new List<Entity>();
        foreach (var name in (ReadOnlySpan<string>)["urls", "url", "clickedUrls", "links"])
        {
            var isList = fields.Peek(name) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().Any(IsObject);
            if (isList)
                continue; // Objects are evidence of their own.
            foreach (var text in fields.LongWords(name))
            {
                if (Whole(text) is { } url)
                    links.Add(Link(url));
            }
        }
        return links;
    }

    private static bool IsObject(JsonElement item) => item.ValueKind == JsonValueKind.Object;

    /// <summary>A link, whole or not at all: half a link is a different link.</summary>
    public static List<Entity> Url(Fields fields, References references)
    {
        fields.Skip("friendlyName");
        return fields.Valid(Whole, "url", "remoteUrl", "uri", "clickedUrl") is { } url ? [Link(url)] : [];
    }

    public static UrlEntity Link(string url) =>
        new()
        {
            Id = "",
            Url = url,
            Display = SafeText.Line(url, AlertLimits.MaxName, out _),
        };

    private static string? Whole(string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > AlertLimits.MaxText)
            return null;
        var line = SafeText.Line(text.Trim(), AlertLimits.MaxText, out var cut);
        return cut == 0 ? line : null;
    }
}
