using System.Collections.Concurrent;
using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IRFunctions.People;

/// <summary>
/// Tells people that something stored cannot be read, while whoever found it goes on with the rest. Once a day and row for as long as it
/// stays: a page every five minutes would be switched off, and one page alone forgotten.
/// </summary>
public sealed partial class RowTrouble(Pager pager, TimeProvider time, ILogger<RowTrouble> log)
{
    private const int MaxRemembered = 1_000;

    private readonly ConcurrentDictionary<string, byte> told = new(StringComparer.Ordinal);

    /// <summary>Never fails: where nobody can be paged, the next look tries again.</summary>
    /// <param name="row">Which row, where: "instance approval-...", "row a/b of table incidents".</param>
    /// <param name="remedy">What a person does about it, in one sentence.</param>
    public async Task TellAsync(string row, string problem, string remedy, CancellationToken cancellation)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"unreadable-{Fingerprint.Of(row)}-{time.GetUtcNow():yyyyMMdd}");
        if (told.ContainsKey(key))
            return;
        try
        {
            await pager.PageAsync(
                key,
                $"CANNOT BE READ: {TextBounds.Cut(row, 300)}: {TextBounds.Cut(problem.ReplaceLineEndings(" "), 300)}. {remedy} "
                    + $"Everything else goes on. Paged once a day while it stays.",
                PageSeverity.Error,
                cancellation
            );
            if (told.Count >= MaxRemembered)
                told.Clear();
            told[key] = 0;
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            LogUntold(row, e.Message);
        }
    }

    public Task TellAsync(UnreadableRowException problem, CancellationToken cancellation) =>
        TellAsync(
            $"row {problem.Row} of table {problem.Table}",
            problem.InnerException?.Message ?? "it has an unknown form",
            "Compare it with the record, then mend or delete the row.",
            cancellation
        );

    [LoggerMessage(Level = LogLevel.Error, Message = "{Row} cannot be read, and nobody could be paged: {Problem}")]
    private partial void LogUntold(string row, string problem);
}
