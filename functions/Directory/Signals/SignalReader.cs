using System.Globalization;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>What the sources say of one identity.</summary>
/// <param name="Seen">Signals that fired.</param>
/// <param name="Unknown">Signals whose only sources failed.</param>
public sealed record SignalFacts(IReadOnlyList<ObservedSignal> Seen, IReadOnlyList<UnknownSignal> Unknown)
{
    public static readonly SignalFacts None = new([], []);
}

/// <summary>
/// Asks every source at once, each for a bounded time, and puts the answers together. A signal that one source saw is seen; one that no
/// source saw and that a failed one could have seen is not known.
/// </summary>
public sealed class SignalReader(IEnumerable<ISignalSource> sources, TimeProvider time)
{
    /// <summary>Identities looked at for one alert; of the others nothing is known.</summary>
    public const int MaxSubjects = 5;

    /// <summary>Longest wait for one source; a decision does not hang on it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly ISignalSource[] sources = [.. sources];

    /// <summary>Every source there is, configured or not.</summary>
    public IReadOnlyList<ISignalSource> Sources => sources;

    /// <summary>By target key, one entry for each subject. Never fails but by cancellation.</summary>
    public async Task<IReadOnlyDictionary<string, SignalFacts>> ReadAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var looked = question with { Subjects = [.. question.Subjects.Take(MaxSubjects)] };
        var answers = await Task.WhenAll(sources.Where(s => s.IsConfigured).Select(s => AskAsync(s, looked, cancellation)));
        var facts = new Dictionary<string, SignalFacts>(StringComparer.Ordinal);
        foreach (var subject in looked.Subjects)
            facts[subject.Key] = FactsOf(subject, answers);
        var why = $"the alert names more than {MaxSubjects} identities; this one was not looked at";
        foreach (var subject in question.Subjects.Skip(MaxSubjects))
            facts[subject.Key] = new SignalFacts([], [.. SignalNames.All.Select(name => new UnknownSignal(name, why))]);
        return facts;
    }

    private static SignalFacts FactsOf(SignalSubject subject, IReadOnlyList<Answer> answers)
    {
        var seen = answers.SelectMany(a => a.Seen).Where(s => s.Key == subject.Key).Select(s => s.Signal).ToList();
        var unknown = answers
            .Where(a => a.Failed is not null && a.Source.Covers(subject))
            .SelectMany(a => a.Source.Fills.Select(name => new UnknownSignal(name, $"{a.Source.Name}: {a.Failed}")))
            .Where(u => seen.TrueForAll(s => s.Name != u.Name))
            .ToList();
        return new SignalFacts(seen, unknown);
    }

    private async Task<Answer> AskAsync(ISignalSource source, SignalQuestion question, CancellationToken cancellation)
    {
        var covered = question with { Subjects = [.. question.Subjects.Where(source.Covers)] };
        if (covered.Subjects.Count == 0)
            return new Answer(source, [], null);
        using var limit = new CancellationTokenSource(Longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return new Answer(source, await source.LookAsync(covered, both.Token).WaitAsync(both.Token), null);
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return new Answer(source, [], e.Message);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OperationCanceledException)
        {
            var seconds = Longest.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            return new Answer(source, [], $"it did not answer within {seconds} seconds");
        }
#pragma warning disable CA1031 // Whatever goes wrong in a source: it is then not known, and a person decides (S12).
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Answer(source, [], $"it failed ({e.GetType().Name})");
        }
    }

    private sealed record Answer(ISignalSource Source, IReadOnlyList<SeenSignal> Seen, string? Failed);
}
