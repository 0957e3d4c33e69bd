using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using IRFunctions.People;
using IRFunctions.Recording;

namespace IRFunctions.Stories;

/// <summary>
/// Sends queued outcomes: CloudEvents 1.0, signed as Standard Webhooks has it (HMAC-SHA256 over id, timestamp and body). Whoever gets one
/// twice sees the same id: a delivery whose answer was lost is tried again.
/// </summary>
public sealed class WebhookSender(HttpClient http, TableServiceClient tables, WebhookSettings settings, Pager pager, TimeProvider time)
{
    /// <summary>Name of its HTTP client, which follows no redirect.</summary>
    public const string Http = "webhooks";

    private const int AtOnce = 200;

    /// <summary>Waits between tries, those that Standard Webhooks recommends; after the last people are paged.</summary>
    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24),
    ];

    private readonly TableClient table = tables.GetTableClient(OutcomeQueue.TableName);

    /// <summary>Sends what is due; what fails waits for its next try.</summary>
    public async Task SendAsync(CancellationToken cancellation)
    {
        if (settings.Endpoints.Count == 0)
            return;
        var due = new List<TableEntity>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {OutcomeQueue.Waiting} and NextAt le {time.GetUtcNow()}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            due.Add(row);
            if (due.Count == AtOnce)
                break;
        }
        foreach (var row in due)
            await SendAsync(row, cancellation);
    }

    private async Task SendAsync(TableEntity row, CancellationToken cancellation)
    {
        var endpoint = settings.Endpoints.FirstOrDefault(e => row.RowKey.EndsWith(WebhookSettings.KeyOf(e), StringComparison.Ordinal));
        var attempts = (row.GetInt32("Attempts") ?? 0) + 1;
        row["Attempts"] = attempts;
        row["LastAt"] = time.GetUtcNow();
        row["LastAnswer"] = endpoint is null ? "the endpoint is configured no more" : await PostAsync(endpoint, row, cancellation);
        if (row.GetString("LastAnswer") == Taken)
            await EndAsync(row, "sent", cancellation);
        else if (endpoint is null || attempts > Waits.Length)
            await GiveUpAsync(row, cancellation);
        else
        {
            row["NextAt"] = time.GetUtcNow() + Waits[attempts - 1];
            await table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, cancellation);
        }
    }

    private const string Taken = "taken";

    /// <summary>"taken", or in words why not.</summary>
    private async Task<string> PostAsync(Uri endpoint, TableEntity row, CancellationToken cancellation)
    {
        var id = row.RowKey.Split('|')[0];
        var body = row.GetString("Body") ?? "{}";
        var stamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new("application/cloudevents+json") { CharSet = "utf-8" };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", stamp);
        request.Headers.TryAddWithoutValidation("webhook-signature", SignatureOf(id, stamp, body));
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return answer.IsSuccessStatusCode ? Taken : $"answered {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return e is HttpRequestException ? "could not be reached" : "did not answer in time";
        }
    }

    /// <summary>"v1," and the base64 of the HMAC, one for each secret, separated by blanks.</summary>
    internal string SignatureOf(string id, string stamp, string body)
    {
        var signed = Encoding.UTF8.GetBytes($"{id}.{stamp}.{body}");
        return string.Join(' ', settings.Secrets.Select(s => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(s, signed))}"));
    }

    private async Task GiveUpAsync(TableEntity row, CancellationToken cancellation)
    {
        await pager.PageAsync(
            $"webhook-{row.RowKey}",
            $"WEBHOOK: an outcome of {row.GetString("Chain")} could not be delivered ({row.GetString("LastAnswer")}); "
                + "it is not tried again. Read it on the record.",
            PageSeverity.Warning,
            cancellation
        );
        await EndAsync(row, "failed", cancellation);
    }

    /// <summary>First there, then no longer here: a crash in between sends it again under the same id.</summary>
    private async Task EndAsync(TableEntity row, string state, CancellationToken cancellation)
    {
        var ended = new TableEntity(row) { PartitionKey = OutcomeQueue.Ended, ["State"] = state };
        ended.Remove("NextAt");
        await table.UpsertEntityAsync(ended, TableUpdateMode.Replace, cancellation);
        await table.DeleteEntityAsync(OutcomeQueue.Waiting, row.RowKey, ETag.All, cancellation);
    }
}
