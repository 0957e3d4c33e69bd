using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.People;
using IRFunctions.Storage;

namespace IRFunctions.Approvals;

/// <summary>
/// The table "cards": every card sent, once under each request it shows. A click that names a card which is not here comes from a copy or a
/// forward.
/// </summary>
public sealed class CardTable(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "cards";

    private const string ChannelMessage = ";messageid=";
    private const string OpenPrefix = "open-";
    private const string HoldPrefix = "hold-";

    /// <summary>A decision that comes this soon after another one of the same incident joins its card.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SendingTime = TimeSpan.FromSeconds(30);

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>A channel's conversation id carries the message it was clicked in; the conversation is the same.</summary>
    public static string Plain(string conversation) =>
        conversation.IndexOf(ChannelMessage, StringComparison.Ordinal) is >= 0 and var at ? conversation[..at] : conversation;

    public async Task RememberAsync(SentCard card, CancellationToken cancellation)
    {
        foreach (var request in card.Requests)
        {
            await table.UpsertEntityAsync(
                new TableEntity(request, RowOf(card.Conversation, card.Activity))
                {
                    ["Card"] = JsonSerializer.Serialize(card),
                    ["At"] = time.GetUtcNow().UtcTicks,
                },
                TableUpdateMode.Replace,
                cancellation
            );
        }
    }

    /// <summary>The card of this request that stands there; null where we sent none.</summary>
    public async Task<SentCard?> FindAsync(string request, string conversation, string activity, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(
            request,
            RowOf(conversation, activity),
            cancellationToken: cancellation
        );
        return found.HasValue ? Read(found.Value!) : null;
    }

    /// <summary>Every copy that shows this request.</summary>
    public async Task<IReadOnlyList<SentCard>> AllAsync(string request, CancellationToken cancellation)
    {
        var cards = new List<SentCard>();
        var rows = table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {request}"),
            cancellationToken: cancellation
        );
        await foreach (var card in rows.ReadableAsync(TableName, Read, cancellation: cancellation))
            cards.Add(card); // A card that nobody can find any more is not redrawn.
        return cards;
    }

    /// <summary>
    /// Claims the one card that this person gets now for a group of requests. Either a card that was just sent and can be joined comes
    /// back, or null with the right to send one; while another sender has that right, false.
    /// </summary>
    public async Task<(bool Mine, SentCard? Join)> ClaimAsync(string group, string person, CancellationToken cancellation)
    {
        var key = OpenPrefix + Fingerprint.Of(group, person);
        var found = await table.GetEntityIfExistsAsync<TableEntity>(key, OpenPrefix, cancellationToken: cancellation);
        var now = time.GetUtcNow().UtcTicks;
        try
        {
            if (!found.HasValue)
            {
                await table.AddEntityAsync(new TableEntity(key, OpenPrefix) { ["At"] = now }, cancellation);
                return (true, null);
            }
            var row = found.Value!;
            var age = TimeSpan.FromTicks(now - (row.GetInt64("At") ?? 0));
            var card = row.GetString("Card") is { } json ? JsonSerializer.Deserialize<SentCard>(json) : null;
            if (card is null && age < SendingTime)
                return (false, null); // Somebody is about to send it.
            var next = new TableEntity(key, OpenPrefix) { ["At"] = now };
            await table.UpdateEntityAsync(next, row.ETag, TableUpdateMode.Replace, cancellation);
            return (true, age < Together ? card : null);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return (false, null);
        }
    }

    /// <summary>The claimed card was sent and can be joined for a while.</summary>
    public async Task SentAsync(string group, SentCard card, CancellationToken cancellation) =>
        await table.UpsertEntityAsync(
            new TableEntity(OpenPrefix + Fingerprint.Of(group, card.Person), OpenPrefix)
            {
                ["At"] = time.GetUtcNow().UtcTicks,
                ["Card"] = JsonSerializer.Serialize(card),
            },
            TableUpdateMode.Replace,
            cancellation
        );

    /// <summary>The claimed card could not be sent; the next one is free to try.</summary>
    public async Task ReleaseAsync(string group, string person, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(OpenPrefix + Fingerprint.Of(group, person), OpenPrefix, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Already free.
        }
    }

    /// <summary>Remembers which request a containment came from, so that its end is shown on the same cards.</summary>
    public async Task LinkAsync(string containment, string request, CancellationToken cancellation) =>
        await table.UpsertEntityAsync(
            new TableEntity(HoldPrefix + Fingerprint.Of(containment), request),
            TableUpdateMode.Replace,
            cancellation
        );

    /// <summary>Requests that this containment came from, of this or earlier times.</summary>
    public async Task<IReadOnlyList<string>> RequestsOfAsync(string containment, CancellationToken cancellation)
    {
        var requests = new List<string>();
        var partition = HoldPrefix + Fingerprint.Of(containment);
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {partition}"),
                cancellationToken: cancellation
            )
        )
            requests.Add(row.RowKey);
        return requests;
    }

    private static string RowOf(string conversation, string activity) => Fingerprint.Of(Plain(conversation), activity);

    private static SentCard Read(TableEntity row) => JsonSerializer.Deserialize<SentCard>(row.GetString("Card")!)!;
}
