namespace IRFunctions.Health;

/// <summary>What a host knows about the storage under it that the pipeline cannot see; a local run about its disk.</summary>
/// <param name="Trouble">Why nothing can be written, in one sentence with the remedy; null where it can.</param>
public sealed record StorageProbe(Func<Task<string?>> Trouble);
