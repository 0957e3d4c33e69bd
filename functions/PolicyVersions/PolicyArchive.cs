using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Data.Tables;
using IRFunctions.Policies;

namespace IRFunctions.PolicyVersions;

/// <summary>
/// Every policy that ever decided, by its hash: incidents keep the policy they opened with across restarts and changes, and an auditor can
/// read a year later what the hash in an entry meant. Texts are stored in pieces, since a table property holds at most 32,768 characters.
/// </summary>
public sealed class PolicyArchive(TableServiceClient tables, IReadOnlyList<ActionCapability> catalogue, TimeProvider time)
{
    public const string TableName = "policies";
    private const int PieceLength = 30_000;

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly ConcurrentDictionary<string, Policy> known = new(StringComparer.Ordinal);

    /// <summary>Stores a policy once; call before its hash is used anywhere.</summary>
    public async Task KeepAsync(Policy policy, CancellationToken cancellation = default)
    {
        if (known.ContainsKey(policy.Hash))
            return;
        var json = JsonSerializer.Serialize(policy.Files);
        for (var piece = 0; piece * PieceLength < json.Length; piece++)
        {
            var text = json.Substring(piece * PieceLength, Math.Min(PieceLength, json.Length - piece * PieceLength));
            var row = new TableEntity(policy.Hash, $"{piece:D4}") { ["Text"] = text, ["KeptAt"] = time.GetUtcNow() };
            await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
        }
        known[policy.Hash] = policy; // Only now: a write that failed is tried again by the next alert.
    }

    /// <summary>The policy of this hash.</summary>
    /// <exception cref="InvalidOperationException">It is not in the archive, or no longer loads; a person must decide (S12).</exception>
    public async Task<Policy> FindAsync(string hash, CancellationToken cancellation = default)
    {
        if (known.TryGetValue(hash, out var policy))
            return policy;
        var json = new System.Text.StringBuilder();
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {hash}"),
                cancellationToken: cancellation
            )
        )
            json.Append(row.GetString("Text"));
        if (json.Length == 0)
            throw new InvalidOperationException(
                $"policy {hash} is not in the archive (table {TableName}); restore the table or decide by hand"
            );
        var files = JsonSerializer.Deserialize<List<PolicyFile>>(json.ToString())!;
        var reading = PolicyLoader.Load(files, catalogue, time.GetUtcNow());
        if (reading.Policy is null)
            throw new InvalidOperationException($"policy {hash} no longer loads: {reading.Errors[0]}");
        if (reading.Policy.Hash != hash)
            throw new InvalidOperationException(
                $"the archive holds another policy under {hash}: somebody changed the table {TableName}; decide by hand"
            );
        known[hash] = reading.Policy;
        return reading.Policy;
    }
}
