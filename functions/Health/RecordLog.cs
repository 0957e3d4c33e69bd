using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Health;

/// <summary>
/// Repeats on the log, kind and chain only, what was written on the record, so that Azure Monitor can alert on it. No text: it may quote an
/// alert.
/// The record itself is what counts; this log may lose lines.
/// </summary>
public sealed partial class RecordLog(AuditChain audit, ILogger<RecordLog> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        audit.Appended += Write;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        audit.Appended -= Write;
        return Task.CompletedTask;
    }

    private void Write(AuditEntry entry) => LogEntry(entry.Kind, entry.Chain, entry.Sequence);

    [LoggerMessage(Level = LogLevel.Information, Message = "record: {Kind} {Chain} {Sequence}")]
    private partial void LogEntry(string kind, string chain, long sequence);
}
