using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Policies;

/// <summary>One file of the policy as text, so that loading stays pure and an incident can archive exactly what decided.</summary>
/// <param name="Name">File name without a folder, for example "actions.yaml".</param>
/// <param name="Text">Its whole text.</param>
public sealed record PolicyFile(string Name, string Text);

/// <summary>One thing that is wrong with a policy, and where.</summary>
/// <param name="File">File name; the name of a missing file where one is missing.</param>
/// <param name="Line">1-based; 1 where the whole file is meant.</param>
/// <param name="Column">1-based.</param>
/// <param name="Key">Path of the key, for example "actions.block_ip_at_firewall.tier"; empty for the file itself.</param>
/// <param name="Problem">What is wrong, for the person who wrote it.</param>
/// <param name="Intent">What was probably meant; null where there is no good guess.</param>
public sealed record PolicyError(string File, int Line, int Column, string Key, string Problem, string? Intent = null)
{
    /// <summary>One line in the form editors and pull-request checks turn into a link.</summary>
    public override string ToString() =>
        $"{File}:{Line}:{Column} {(Key.Length == 0 ? "(file)" : Key)}: {Problem}{(Intent is null ? "" : $" (did you mean {Intent}?)")}";
}

/// <summary>A policy, or every reason it is not one: never both.</summary>
public sealed class PolicyReading
{
    internal PolicyReading(Policy policy) => (Policy, Errors) = (policy, []);

    internal PolicyReading(IReadOnlyList<PolicyError> errors) => Errors = errors;

    [MemberNotNullWhen(true, nameof(Policy))]
    public bool Ok => Policy is not null;

    public Policy? Policy { get; }

    /// <summary>Every error of every file, in the order of file, line and column.</summary>
    public IReadOnlyList<PolicyError> Errors { get; }
}
