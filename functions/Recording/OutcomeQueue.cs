using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Record;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Recording;

/// <summary>Where outcomes are sent, and with which secrets they are signed.</summary>
/// <param name="Endpoints">HTTPS addresses; loopback may be HTTP. Empty: nothing is sent.</param>
/// <param name="Secrets">One, or two while a secret is changed: each event is signed with every one.</param>
public sealed record WebhookSettings(IReadOnlyList<Uri> Endpoints, IReadOnlyList<byte[]> Secrets)
{
    private const string Prefix = "whsec_"; // As Standard Webhooks writes secrets.
    private const int LeastBytes = 24;

    /// <exception cref="FormatException">A setting cannot be used; the message names it.</exception>
    public static WebhookSettings From(IConfiguration configuration)
    {
        var urls = Split(configuration["Webhooks:Urls"], ',').Select(AddressOf).ToList();
        var secrets = Split(configuration["Webhooks:Secret"], ' ').Select(SecretOf).ToList();
        return urls.Count == 0 || secrets.Count > 0
            ? new WebhookSettings(urls, secrets)
            : throw new FormatException("Webhooks__Secret is missing: events are never sent without a signature.");
    }

    /// <summary>Names an endpoint in keys, without its address.</summary>
    public static string KeyOf(Uri endpoint) => Fingerprint.Of(endpoint.AbsoluteUri)[..16];

    private static string[] Split(string? text, char mark) =>
        (text ?? "").Split(mark, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Uri AddressOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback))
        && address.UserInfo.Length == 0
            ? address
            : throw new FormatException("Webhooks__Urls: give https addresses, separated by commas.");

    private static byte[] SecretOf(string text)
    {
        var bytes = new byte[text.Length];
        return
            text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var length)
            && length >= LeastBytes
            ? bytes[..length]
            : throw new FormatException($"Webhooks__Secret: give {Prefix} and the base64 of at least {LeastBytes} random bytes.");
    }
}

/// <summary>
/// The table "webhooks": one row for each outcome and endpoint, written by the step that records the outcome, so that a crash loses none.
/// The key follows from the fact, so that a step that runs twice queues nothing twice.
/// </summary>
/// <remarks>Partitions "waiting" and "ended"; a row moves from the first to the second.</remarks>
public sealed class OutcomeQueue(TableServiceClient tables, WebhookSettings settings, TimeProvider time)
{
    public const string TableName = "webhooks";

    internal const string Waiting = "waiting";
    internal const string Ended = "ended";

    private const string Source = "urn:irfunctions";

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Queues what of these facts is an outcome.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written; the step is to be tried again.</exception>
    public async Task AddAsync(string chain, IReadOnlyList<AuditFact> facts, CancellationToken cancellation)
    {
        foreach (var endpoint in settings.Endpoints)
        foreach (var fact in facts)
            if (TypeOf(fact.Kind) is { } type)
                await AddAsync(endpoint, chain, fact, type, cancellation);
    }

    /// <summary>CloudEvents type of a kind of fact; null for what is no outcome.</summary>
    internal static string? TypeOf(string kind) =>
        kind switch
        {
            AuditKinds.Outcome => "irfunctions.alert.outcome",
            AuditKinds.Undone => "irfunctions.containment.undone",
            AuditKinds.NotUndone => "irfunctions.containment.not-undone",
            AuditKinds.RollbackFailed => "irfunctions.containment.undo-failed",
            AuditKinds.Denied or AuditKinds.Expired or AuditKinds.Withdrawn => "irfunctions.request.ended",
            _ => null,
        };

    private async Task AddAsync(Uri endpoint, string chain, AuditFact fact, string type, CancellationToken cancellation)
    {
        var id = Fingerprint.Of(chain, fact.Id);
        var key = $"{id}|{WebhookSettings.KeyOf(endpoint)}";
        if ((await table.GetEntityIfExistsAsync<TableEntity>(Ended, key, ["RowKey"], cancellation)).HasValue)
            return;
        var row = new TableEntity(Waiting, key)
        {
            ["Body"] = EventOf(id, chain, fact, type).ToJsonString(),
            ["Type"] = type,
            ["Chain"] = chain,
            ["At"] = time.GetUtcNow(),
            ["NextAt"] = time.GetUtcNow(),
            ["Attempts"] = 0,
        };
        try
        {
            await table.AddEntityAsync(row, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Queued before.
        }
    }

    /// <summary>CloudEvents 1.0, structured.</summary>
    private JsonObject EventOf(string id, string chain, AuditFact fact, string type)
    {
        var data = new JsonObject
        {
            ["incident"] = chain,
            ["kind"] = fact.Kind,
            ["text"] = fact.Text,
            ["actor"] = fact.Actor,
            ["record"] = $"/api/audit/{chain}",
        };
        if (fact.Data is { } details && Details(details) is { } json)
            data["details"] = json;
        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = id,
            ["source"] = Source,
            ["type"] = type,
            ["subject"] = chain,
            ["time"] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
            ["datacontenttype"] = "application/json",
            ["data"] = data,
        };
    }

    private const int MostDetails = 8_000; // A property of a row holds 32,768 characters.

    private static JsonNode? Details(string text)
    {
        try
        {
            return text.Length <= MostDetails ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
