using Microsoft.DurableTask.Client;

namespace IRFunctions.Durable;

/// <summary>
/// Orchestrations by the start of their ids, although some cannot be read. The engine's list ends at a row that it cannot read (one without
/// a name, as a killed host may leave it) and hides everything behind it; then the list is asked for in parts, by the next digit of the
/// ids, which end in a hash.
/// </summary>
internal static class InstanceList
{
    /// <summary>After so many digits, one in 65,536 instances stands in the part of the one that cannot be read.</summary>
    private const int MostDigits = 4;

    private const string Digits = "0123456789abcdef";

    /// <summary>Where this many parts and one more fail in a row, it is not a row that cannot be read.</summary>
    private const int Enough = 3;

    /// <param name="Found">What can be read.</param>
    /// <param name="Unreadable">Starts of ids of what cannot, with the reason; empty where all can.</param>
    internal sealed record Listing(List<OrchestrationMetadata> Found, List<(string Prefix, string Problem)> Unreadable);

    /// <exception cref="Exception">What the engine throws where it answers for no part either: then it is away, and no row is to
    /// blame.</exception>
    public static async Task<Listing> ReadAsync(
        DurableTaskClient client,
        string prefix,
        OrchestrationRuntimeStatus[] statuses,
        CancellationToken cancellation
    )
    {
        var listing = new Listing([], []);
        await ReadAsync(client, prefix, statuses, 0, listing, cancellation);
        return listing;
    }

    private static async Task ReadAsync(
        DurableTaskClient client,
        string prefix,
        OrchestrationRuntimeStatus[] statuses,
        int digits,
        Listing listing,
        CancellationToken cancellation
    )
    {
        try
        {
            listing.Found.AddRange(await PartAsync(client, prefix, statuses, cancellation));
        }
#pragma warning disable CA1031 // Whatever an engine throws over a row that it cannot read.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            var known = listing.Unreadable.Count;
            for (var d = 0; d < Digits.Length && digits < MostDigits; d++)
            {
                await ReadAsync(client, prefix + Digits[d], statuses, digits + 1, listing, cancellation);
                if (d == Enough && listing.Unreadable.Count - known > Enough)
                    throw; // It fails whatever is asked.
            }
            if (listing.Unreadable.Count == known)
                listing.Unreadable.Add((prefix, e.Message));
        }
    }

    private static async Task<List<OrchestrationMetadata>> PartAsync(
        DurableTaskClient client,
        string prefix,
        OrchestrationRuntimeStatus[] statuses,
        CancellationToken cancellation
    )
    {
        var found = new List<OrchestrationMetadata>();
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = prefix,
            Statuses = statuses,
            FetchInputsAndOutputs = true,
        };
        await foreach (var instance in client.GetAllInstancesAsync(query).WithCancellation(cancellation))
            found.Add(instance);
        return found;
    }
}
