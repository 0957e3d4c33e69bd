using System.Security.Cryptography;
using System.Text;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// Answers of the model to exactly the same question: same tenant, model, prompt, actions, alert text and context. Bounded in number and
/// age; the least recently used goes first. Only whole answers of the model are kept, never the rules' or one with a problem. Safe for
/// concurrent use.
/// </summary>
internal sealed class AnswerCache(TimeSpan age, TimeProvider time)
{
    private const int Most = 1_000;
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> byUse = [];

    /// <summary>
    /// Tells one question from another; lengths stand before the parts, so that no text can shift from one part into the next.
    /// </summary>
    public static string KeyOf(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// The answer as it was given then, saying since when and costing nothing; null where there is none that is young enough.
    /// </summary>
    public AlertAssessment? Find(string key)
    {
        if (age <= TimeSpan.Zero)
            return null;
        lock (gate)
        {
            if (!byKey.TryGetValue(key, out var node))
                return null;
            byUse.Remove(node);
            if (time.GetUtcNow() - node.Value.At > age)
            {
                byKey.Remove(key);
                return null;
            }
            byUse.AddFirst(node);
            return node.Value.Answer with { AnsweredBefore = node.Value.At, InputTokens = 0, OutputTokens = 0, Cost = 0, Seconds = 0 };
        }
    }

    public void Keep(string key, AlertAssessment answer)
    {
        if (age <= TimeSpan.Zero || answer is not { By: AssessedBy.Model, Problem: null })
            return;
        lock (gate)
        {
            if (byKey.Remove(key, out var known))
                byUse.Remove(known);
            byKey[key] = byUse.AddFirst(new Entry(key, answer, time.GetUtcNow()));
            if (byUse.Count <= Most)
                return;
            byKey.Remove(byUse.Last!.Value.Key);
            byUse.RemoveLast();
        }
    }

    private sealed record Entry(string Key, AlertAssessment Answer, DateTimeOffset At);
}
