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
        var recipients = fields.Words("recipientEmailAddress", "recipient", "recipients");
        var template = new MailMessageEntity
        {
            Id = "",
            InternetMessageId = fields.Line("internetMessageId"),
            Sender =
                fields.Open("p2Sender")?.Line("emailAddress")
                ?? fields.Open("p1Sender")?.Line("emailAddress")
                ?? fields.Line("p2Sender", "p1Sender", "senderAddress", "sender", "senderFromAddress"),
            Subject = fields.Line("subject"),
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
            made.AddRange(
                recipients.Select(address => new MailboxEntity
                {
                    Id = "",
                    PrimaryAddress = address,
                    Display = address,
                })
            );
        return made;
    }

    private static List<string?> MessageIds(Fields fields)
    {
        if (fields.Valid(Canonical.Guid, "networkMessageId") is { } one)
            return [one];
        var many = fields.Words("networkMessageIds").Select(Canonical.Guid).Where(id => id is not null).ToList();
        return many.Count > 0 ? many : [null];
    }

    /// <summary>A link, whole or not at all: half a link is a different link.</summary>
    public static List<Entity> Url(Fields fields, References references)
    {
        fields.Skip("friendlyName");
        return fields.Valid(Whole, "url") is { } url
            ?
            [
                new UrlEntity
                {
                    Id = "",
                    Url = url,
                    Display = SafeText.Line(url, AlertLimits.MaxName, out _),
                },
            ]
            : [];
    }

    private static string? Whole(string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > AlertLimits.MaxText)
            return null;
        var line = SafeText.Line(text.Trim(), AlertLimits.MaxText, out var cut);
        return cut == 0 ? line : null;
    }
}
