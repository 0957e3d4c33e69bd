using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>Input of Record.</summary>
public sealed record RecordInput(string Chain, IReadOnlyList<AuditFact> Facts);
