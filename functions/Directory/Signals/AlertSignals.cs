using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// What the alert itself says of its identities: techniques that are one of the signals, by their ids, and a detector that found a leaked
/// key, by fixed words of its title or category. No other text of an alert can make a signal (S4).
/// </summary>
public sealed class AlertSignals : ISignalSource
{
    /// <summary>MITRE ATT&amp;CK v17, attack.mitre.org; a sub-technique counts as itself only.</summary>
    private static readonly Dictionary<string, string> Techniques = new(StringComparer.OrdinalIgnoreCase)
    {
        ["T1098.001"] = SignalNames.TokenMinting, // additional cloud credentials
        ["T1528"] = SignalNames.TokenMinting, // steal application access token
        ["T1606"] = SignalNames.TokenMinting, // forge web credentials
        ["T1606.001"] = SignalNames.TokenMinting,
        ["T1606.002"] = SignalNames.TokenMinting,
        ["T1098.003"] = SignalNames.PrivilegeChange, // additional cloud roles
        ["T1484"] = SignalNames.PrivilegeChange, // domain or tenant policy modification
        ["T1555.006"] = SignalNames.UnexpectedSecretRead, // cloud secrets management stores
        ["T1021.007"] = SignalNames.CrossSystemMovement, // cloud services
        ["T1550.001"] = SignalNames.CrossSystemMovement, // application access token used elsewhere
    };

    private static readonly string[] LeakWords =
    [
        "leaked credential",
        "leaked secret",
        "exposed secret",
        "exposed credential",
        "exposed key",
    ];

    public string Name => "the alert";

    public string Cost => "nothing";

    public string Permission => "";

    public IReadOnlyList<string> Fills { get; } =
    [
        SignalNames.TokenMinting,
        SignalNames.PrivilegeChange,
        SignalNames.UnexpectedSecretRead,
        SignalNames.CrossSystemMovement,
        SignalNames.ExposedKey,
    ];

    public bool Covers(SignalSubject subject) => subject.ActorId is not null || subject.ClientId is not null;

    public Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var alert = question.Alert;
        var seen = new Dictionary<string, ObservedSignal>(StringComparer.Ordinal);
        foreach (var technique in alert.Techniques)
            if (Techniques.TryGetValue(technique, out var signal))
                seen.TryAdd(signal, new ObservedSignal(signal, Detail: $"technique {technique.ToUpperInvariant()} (the alert)"));
        if (LeakWords.Any(w => Has(alert.Title, w) || Has(alert.Category, w)))
        {
            var minutes = MinutesSince(alert.FirstActivity ?? alert.Created, question.Now);
            seen[SignalNames.ExposedKey] = new ObservedSignal(
                SignalNames.ExposedKey,
                minutes,
                $"a detector found the key {minutes} minutes ago (the alert)"
            );
        }
        IReadOnlyList<SeenSignal> all = [.. question.Subjects.SelectMany(s => seen.Values.Select(signal => new SeenSignal(s.Key, signal)))];
        return Task.FromResult(all);
    }

    private static bool Has(string text, string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static int MinutesSince(DateTimeOffset? since, DateTimeOffset now) =>
        since is { } time && time < now ? (int)Math.Min(60 * 24 * 30, (now - time).TotalMinutes) : 0;
}
