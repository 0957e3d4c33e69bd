using System.Globalization;
using IRFunctions.Decisions;
using IRFunctions.Directory.Signals;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>
/// What the breaker knows of an identity whose activity is reported, and keys of it that secret scanning found in public. Source: the
/// activity door (docs/agents.md).
/// </summary>
public sealed class AgentSignals : ISignalSource
{
    /// <summary>Names under which an identity's activity may be reported; the others are not looked for.</summary>
    private const int MaxNames = 6;

    /// <summary>Activity older than this says nothing about now.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    private static readonly (string Metric, string Signal)[] Metrics =
    [
        ("tool_chaining", SignalNames.ToolChaining),
        ("volume", SignalNames.AnomalousVolume),
        ("request_rate", SignalNames.AnomalousVolume),
        ("first_time_targets", SignalNames.CrossSystemMovement),
    ];

    public string Name => "agents' activity";

    public string Cost => "up to six reads of breakers for an identity";

    public string Permission => "";

    public IReadOnlyList<string> Fills { get; } =
    [SignalNames.ToolChaining, SignalNames.AnomalousVolume, SignalNames.CrossSystemMovement, SignalNames.ExposedKey];

    public bool Covers(SignalSubject subject) => subject.Names.Count > 0;

    public async Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var seen = new List<SeenSignal>();
        foreach (var subject in question.Subjects)
        {
            foreach (var name in NamesOf(subject))
            {
                if (await StateAsync(question.Client, name, cancellation) is not { } state)
                    continue;
                seen.AddRange(Judge(state, name, question.Now).Select(signal => new SeenSignal(subject.Key, signal)));
            }
        }
        return seen;
    }

    private static IEnumerable<string> NamesOf(SignalSubject subject) =>
        subject
            .Names.Append(subject.Registered?.Id ?? "")
            .Select(AgentGate.Identity)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Take(MaxNames);

    private static async Task<BreakerState?> StateAsync(DurableTaskClient client, string name, CancellationToken cancellation)
    {
        var entity = await client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(name), cancellation: cancellation);
        return entity is { IncludesState: true } ? entity.State : null;
    }

    private static IEnumerable<ObservedSignal> Judge(BreakerState state, string name, DateTimeOffset now)
    {
        if (state.Exposed is { } exposed)
        {
            var minutes = (int)Math.Clamp((now - exposed.Since).TotalMinutes, 0, 60 * 24 * 30);
            yield return new ObservedSignal(
                SignalNames.ExposedKey,
                minutes,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a key of it is in public since {exposed.Since:yyyy-MM-dd HH:mm} UTC, {minutes} minutes ago (agents' activity)"
                )
            );
        }
        if (state.Window.Newest < now - Fresh)
            yield break;
        foreach (var (metric, signal) in Metrics)
            if (state.Score.Contributions.FirstOrDefault(c => c.Metric == metric) is { Points: > 0 } counted)
                yield return new ObservedSignal(signal, Detail: $"{counted.Reason} (agents' activity of {name})");
    }
}
