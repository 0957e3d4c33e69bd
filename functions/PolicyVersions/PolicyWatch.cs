using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.PolicyVersions;

/// <summary>Where the policy files are read from.</summary>
/// <param name="Read">Reads them now. Throws IOException where they cannot be read.</param>
public sealed record PolicySource(Func<IReadOnlyList<PolicyFile>> Read);

/// <summary>What looking at the policy files came to.</summary>
/// <param name="Changed">A new policy is in force.</param>
/// <param name="Problem">Why a change is not in force, for a page; null where all is well.</param>
/// <param name="Fingerprint">Of the files looked at: the same broken files page once.</param>
public sealed record PolicyLook(bool Changed, string? Problem, string Fingerprint);

/// <summary>Takes a changed policy into force when it loads clean; otherwise the old one stays, and the caller pages.</summary>
public sealed class PolicyWatch(PolicySource source, PolicyStore store, TimeProvider time)
{
    private const int MaxErrors = 5;
    private string seen = FingerprintOf(store.Current.Files);

    public PolicyLook Look()
    {
        IReadOnlyList<PolicyFile> files;
        try
        {
            files = source.Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PolicyLook(
                false,
                $"The policy files cannot be read; the policy {store.Current.Hash[..12]} stays in force. ({e.Message})",
                "unreadable"
            );
        }
        var now = FingerprintOf(files);
        if (now == seen)
            return new PolicyLook(false, null, now);
        seen = now;
        var errors = store.Replace(files, time.GetUtcNow());
        return errors.Count == 0
            ? new PolicyLook(true, null, now)
            : new PolicyLook(
                false,
                $"A changed policy has {errors.Count} error(s) and is not in force; {store.Current.Hash[..12]} stays. "
                    + $"{string.Join(" | ", errors.Take(MaxErrors))}",
                now
            );
    }

    private static string FingerprintOf(IReadOnlyList<PolicyFile> files) =>
        Fingerprint.Of([.. files.OrderBy(f => f.Name, StringComparer.Ordinal).SelectMany(f => (string[])[f.Name, f.Text])]);
}
