using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>An entity group transaction: one change set in a multipart body, answered by one part an action, or by the one that failed.</summary>
internal static class TableBatch
{
    public static Request NewRequest(TablePipeline pipeline, string table, IReadOnlyList<TableTransactionAction> actions)
    {
        var (batch, changes) = ($"batch_{Guid.NewGuid()}", $"changeset_{Guid.NewGuid()}");
        var body = new StringBuilder($"--{batch}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n");
        foreach (var action in actions)
        {
            body.Append(CultureInfo.InvariantCulture, $"--{changes}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n");
            AppendAction(body, pipeline, table, action);
        }
        body.Append(CultureInfo.InvariantCulture, $"--{changes}--\r\n\r\n--{batch}--\r\n");
        var request = pipeline.NewRequest(RequestMethod.Post, "$batch");
        request.Headers.SetValue("Content-Type", $"multipart/mixed; boundary={batch}");
        request.Content = RequestContent.Create(Encoding.UTF8.GetBytes(body.ToString()));
        return request;
    }

    /// <exception cref="TableTransactionFailedException">One action failed, so none was done.</exception>
    public static Response<IReadOnlyList<Response>> Read(Response response)
    {
        var parts = response.Content.ToString()
            .Split("HTTP/1.1 ")
            .Skip(1)
            .Select(part => BatchPartResponse.Parse(part, response.ClientRequestId))
            .ToList();
        if (parts.Find(part => part.Status >= 400) is { } failed)
            throw new TableTransactionFailedException(new RequestFailedException(failed, null, TableErrorParser.Instance));
        return Response.FromValue<IReadOnlyList<Response>>(parts, response);
    }

    private static void AppendAction(StringBuilder body, TablePipeline pipeline, string table, TableTransactionAction action)
    {
        var entity = action.Entity;
        var path = action.ActionType == TableTransactionActionType.Add ? table : TablePipeline.EntityPath(table, entity.PartitionKey, entity.RowKey);
        var method = action.ActionType switch
        {
            TableTransactionActionType.Add => "POST",
            TableTransactionActionType.Delete => "DELETE",
            TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge => "PATCH",
            _ => "PUT",
        };
        body.Append(CultureInfo.InvariantCulture, $"{method} {pipeline.Address(path).AbsoluteUri} HTTP/1.1\r\n");
        body.Append(CultureInfo.InvariantCulture, $"Accept: {TablePipeline.Json}\r\nDataServiceVersion: 3.0\r\nPrefer: return-no-content\r\n");
        var conditional = action.ActionType is
            TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpdateReplace or TableTransactionActionType.Delete;
        if (conditional)
            body.Append(CultureInfo.InvariantCulture, $"If-Match: {(action.ETag == default ? "*" : action.ETag.ToString("H"))}\r\n");
        if (action.ActionType == TableTransactionActionType.Delete)
        {
            body.Append("\r\n");
            return;
        }
        var json = EntityJson.Write(EntityBinder.ToWire(entity));
        body.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n");
        body.Append(Encoding.UTF8.GetString(json)).Append("\r\n");
    }
}

/// <summary>One part of the answer to a transaction.</summary>
internal sealed class BatchPartResponse(int status, string reason, Dictionary<string, string> headers, string body, string clientRequestId) : Response
{
    public override int Status { get; } = status;

    public override string ReasonPhrase { get; } = reason;

    public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.UTF8.GetBytes(body));

    public override string ClientRequestId { get; set; } = clientRequestId;

    public static BatchPartResponse Parse(string part, string clientRequestId)
    {
        var (head, tail) = part.Split("\r\n\r\n", 2) is [var first, var rest] ? (first, rest) : (part, "");
        var lines = head.Split("\r\n");
        var status = lines[0].Split(' ', 2);
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.OrdinalIgnoreCase);
        var end = tail.IndexOf("\r\n--", StringComparison.Ordinal);
        return new BatchPartResponse(
            int.Parse(status[0], CultureInfo.InvariantCulture),
            status.ElementAtOrDefault(1) ?? "",
            headers,
            (end < 0 ? tail : tail[..end]).Trim(),
            clientRequestId);
    }

    public override void Dispose() => ContentStream?.Dispose();

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = headers.TryGetValue(name, out var value) ? [value] : null;
        return values is not null;
    }

    protected override bool ContainsHeader(string name) => headers.ContainsKey(name);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => headers.Select(header => new HttpHeader(header.Key, header.Value));
}
