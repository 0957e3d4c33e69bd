using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Http;

/// <summary>
/// Puts forged requests on the record without letting them flood it: anyone on the internet can send one. In each minute the first twenty
/// are entries of their own, the rest one entry with their number when the next minute's first comes.
/// </summary>
public sealed class RefusalLog(AuditChain audit, TimeProvider time)
{
    private const int MostPerMinute = 20;

    private readonly Lock gate = new();
    private long minute;
    private int count;

    public async Task RecordAsync(string text, object? data, CancellationToken cancellation)
    {
        var unrecorded = 0;
        lock (gate)
        {
            var now = time.GetUtcNow().ToUnixTimeSeconds() / 60;
            if (now != minute)
            {
                unrecorded = Math.Max(0, count - MostPerMinute);
                (minute, count) = (now, 0);
            }
            if (++count > MostPerMinute)
                return;
        }
        List<AuditFact> facts = [Fact(text, data)];
        if (unrecorded > 0)
            facts.Insert(0, Fact($"{unrecorded} more forged or broken requests were refused in an earlier minute", null));
        await audit.AppendAsync(RecordChains.Pipeline, facts, cancellation);
    }

    private static AuditFact Fact(string text, object? data) =>
        new(
            $"refused-{Guid.CreateVersion7():N}",
            AuditKinds.Refused,
            text.Length > 400 ? text[..400] : text,
            "anonymous",
            data is null ? null : AuditJson.Of(data)
        );
}
