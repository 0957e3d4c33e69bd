using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Directory.Signals;

/// <summary>Somewhere that signals of the threshold come from. Each is asked once for one alert, all at the same time.</summary>
public interface ISignalSource
{
    /// <summary>For reasons and docs: "Entra audit log".</summary>
    string Name { get; }

    /// <summary>What one alert costs, in words.</summary>
    string Cost { get; }

    /// <summary>The least Graph permission or Azure role that it needs; empty where none.</summary>
    string Permission { get; }

    /// <summary>Names of the signals that it can fill (<see cref="SignalNames"/>).</summary>
    IReadOnlyList<string> Fills { get; }

    /// <summary>Whether it is there at all; what is not configured is not asked, and nothing is missing.</summary>
    bool IsConfigured => true;

    /// <summary>Whether it knows anything about things of this kind.</summary>
    bool Covers(SignalSubject subject);

    /// <exception cref="Connections.PermanentFaultException">It cannot be asked; then what it fills is not known.</exception>
    /// <exception cref="Connections.TransientFaultException">It cannot be asked now.</exception>
    Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation);
}

/// <summary>One identity that is looked at.</summary>
/// <param name="Key">Target key.</param>
/// <param name="Type">As the directory and the policy say.</param>
public sealed record SignalSubject(string Key, IdentityType Type)
{
    /// <summary>Object id of an account; null for others.</summary>
    public string? AccountId { get; init; }

    /// <summary>Object id of a service principal; null for others.</summary>
    public string? PrincipalId { get; init; }

    /// <summary>Client id of an application; null for others.</summary>
    public string? ClientId { get; init; }

    /// <summary>Every id and name, as the directory writes them.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>What its owner registered; null where nobody did.</summary>
    public RegisteredWorkload? Registered { get; init; }

    /// <summary>Under which id the logs have what it does: that of the account or of the service principal.</summary>
    public string? ActorId => AccountId ?? PrincipalId;
}

/// <summary>What is asked of the sources.</summary>
/// <param name="Subjects">Those that the source covers, at most <see cref="SignalReader.MaxSubjects"/>.</param>
public sealed record SignalQuestion(
    Alert Alert,
    IReadOnlyList<SignalSubject> Subjects,
    RiskThreshold Threshold,
    DateTimeOffset Now,
    DurableTaskClient Client
)
{
    /// <summary>The policy's number for a signal; the source's own where it says nothing.</summary>
    public int Least(string signal, int otherwise) => Threshold.Signal(signal)?.Least ?? otherwise;

    /// <summary>The policy's multiple of the usual.</summary>
    public int Times(string signal, int otherwise) => Threshold.Signal(signal)?.Times ?? otherwise;

    /// <summary>Names of sensitive resources.</summary>
    public IReadOnlyList<string> Things(string signal, IReadOnlyList<string> otherwise) =>
        Threshold.Signal(signal) is { Things.Count: > 0 } rule ? rule.Things : otherwise;
}

/// <summary>A signal of one identity.</summary>
/// <param name="Key">Target key.</param>
public sealed record SeenSignal(string Key, ObservedSignal Signal);
