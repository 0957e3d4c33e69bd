using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using IRFunctions.Decisions;

namespace IRFunctions.Containment;

/// <summary>Hash that an approval is bound to.</summary>
public static class ActionHash
{
    /// <summary>
    /// SHA-256, lower-case hex, over all that distinguishes what is changed: action, target, what exactly of it, the copies of a message,
    /// duration, quorum and policy hash. Not the incident: whoever joins the request asks for the same change.
    /// </summary>
    public static string Of(Decision decision, IReadOnlyList<MailCopy> mail, string? bound = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(decision.Action);
            json.WriteStringValue(decision.Target.Key);
            json.WriteNumberValue(decision.MaxDuration?.Ticks ?? -1);
            json.WriteNumberValue(decision.Quorum);
            json.WriteStringValue(decision.PolicyHash);
            json.WriteStringValue(bound);
            foreach (
                var copy in mail.OrderBy(c => c.Mailbox, StringComparer.Ordinal).ThenBy(c => c.InternetMessageId, StringComparer.Ordinal)
            )
            {
                json.WriteStringValue(copy.Mailbox);
                json.WriteStringValue(copy.InternetMessageId);
                json.WriteStringValue(copy.NetworkMessageId);
            }
            json.WriteEndArray();
        }
        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }
}

/// <summary>Proof that people said yes to one hash; Contain runs nothing else (S3).</summary>
/// <param name="ActionHash">What they said yes to.</param>
/// <param name="Approvers">Object ids, distinct.</param>
/// <param name="At">When the quorum was reached.</param>
public sealed record Grant(string ActionHash, IReadOnlyList<string> Approvers, DateTimeOffset At);
