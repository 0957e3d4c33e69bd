using System.Collections.Concurrent;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Storage;

namespace IRFunctions.Containment;

/// <summary>What one rollback drill proved.</summary>
/// <param name="Action">Action that was rehearsed.</param>
/// <param name="Target">Key of the designated target.</param>
/// <param name="At">When the drill ended.</param>
/// <param name="Passed">True where do, verify, undo and verify all worked.</param>
/// <param name="DoneIn">Seconds from doing it to reading it back; null where it came to nothing.</param>
/// <param name="UndoneIn">Seconds from asking for the undo to reading it back; null where it came to nothing.</param>
/// <param name="Text">One sentence for a person.</param>
public sealed record DrillCertificate(
    string Action,
    string Target,
    DateTimeOffset At,
    bool Passed,
    double? DoneIn,
    double? UndoneIn,
    string Text
);

/// <summary>Certificates of rollback drills in the table "drills": one partition an action, newest first.</summary>
public sealed class DrillCertificates(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "drills";

    /// <summary>Every decision asks; a drill is a matter of days.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly ConcurrentDictionary<string, (DateTimeOffset Read, DrillCertificate? Found)> known = new(StringComparer.Ordinal);

    /// <summary>Stores a certificate; the same drill again replaces its own.</summary>
    public Task IssueAsync(DrillCertificate certificate, CancellationToken cancellation)
    {
        // Rows sort as text: counting down from the end of time puts the newest first.
        var row = new TableEntity(certificate.Action, $"{DateTimeOffset.MaxValue.UtcTicks - certificate.At.UtcTicks:D19}")
        {
            ["At"] = certificate.At,
            ["Target"] = certificate.Target,
            ["Passed"] = certificate.Passed,
            ["Text"] = TextBounds.Cut(certificate.Text, TextBounds.Sentence),
        };
        if (certificate.DoneIn is { } done)
            row["DoneIn"] = done;
        if (certificate.UndoneIn is { } undone)
            row["UndoneIn"] = undone;
        return table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
    }

    /// <summary>The newest certificate of an action that passed; null where none did.</summary>
    public async Task<DrillCertificate?> LatestAsync(string action, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue(action, out var read) && now - read.Read < Remembered)
            return read.Found;
        DrillCertificate? found = null;
        var rows = table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {action}"),
            cancellationToken: cancellation
        );
        await foreach (var certificate in rows.ReadableAsync(TableName, Of, cancellation: cancellation))
        {
            if (!certificate.Passed)
                continue;
            found = certificate;
            break;
        }
        known[action] = (now, found);
        return found;
    }

    /// <summary>Every certificate, newest first within each action.</summary>
    /// <param name="unreadable">Told of each row that cannot be read.</param>
    public async Task<IReadOnlyList<DrillCertificate>> ListAsync(
        int most,
        Action<UnreadableRowException> unreadable,
        CancellationToken cancellation
    )
    {
        var all = new List<DrillCertificate>();
        await foreach (
            var certificate in table
                .QueryAsync<TableEntity>(cancellationToken: cancellation)
                .ReadableAsync(TableName, Of, unreadable, cancellation)
        )
        {
            all.Add(certificate);
            if (all.Count == most)
                break;
        }
        return all;
    }

    /// <summary>A page of certificates, newest first within each action.</summary>
    /// <param name="after">Action and row where the page before ended; null for the first.</param>
    /// <param name="unreadable">Told of each row that cannot be read.</param>
    /// <returns>What was found, and where it ended; null where there are no more.</returns>
    public async Task<(IReadOnlyList<DrillCertificate> Found, (string Action, string Row)? Last)> PageAsync(
        Func<DrillCertificate, bool> wanted,
        (string Action, string Row)? after,
        int most,
        Action<UnreadableRowException> unreadable,
        CancellationToken cancellation
    )
    {
        var filter = after is var (action, place)
            ? TableClient.CreateQueryFilter($"PartitionKey gt {action} or (PartitionKey eq {action} and RowKey gt {place})")
            : null;
        var found = new List<DrillCertificate>();
        var last = ("", "");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            if (found.Count == most)
                return (found, last);
            last = (row.PartitionKey, row.RowKey);
            try
            {
                if (RowReading.Read(row, TableName, Of) is var certificate && wanted(certificate))
                    found.Add(certificate);
            }
            catch (UnreadableRowException e)
            {
                unreadable(e);
            }
        }
        return (found, null);
    }

    private static DrillCertificate Of(TableEntity row) =>
        new(
            row.PartitionKey,
            row.GetString("Target") ?? "",
            row.GetDateTimeOffset("At") ?? default,
            row.GetBoolean("Passed") == true,
            row.GetDouble("DoneIn"),
            row.GetDouble("UndoneIn"),
            row.GetString("Text") ?? ""
        );
}
