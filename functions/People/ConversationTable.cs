using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;

namespace IRFunctions.People;

/// <summary>Where a person or a channel can be reached, as Teams told us when the app was installed.</summary>
/// <param name="UserId">The person's id for this bot ("29:..."); empty for a channel.</param>
public sealed record ConversationReference(string ServiceUrl, string Conversation, string UserId);

/// <summary>The table "conversations". Written only from activities whose token was believed and whose tenant is ours.</summary>
public sealed class ConversationTable(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "conversations";

    private const string People = "people";
    private const string Channels = "channels";

    private readonly TableClient table = tables.GetTableClient(TableName);

    public Task RememberPersonAsync(string person, ConversationReference reference, CancellationToken cancellation) =>
        RememberAsync(People, person, reference, cancellation);

    public Task RememberChannelAsync(ConversationReference reference, CancellationToken cancellation) =>
        RememberAsync(Channels, Fingerprint.Of(reference.Conversation), reference, cancellation);

    public Task<ConversationReference?> FindPersonAsync(string person, CancellationToken cancellation) =>
        FindAsync(People, person, cancellation);

    public Task<ConversationReference?> FindChannelAsync(string conversation, CancellationToken cancellation) =>
        FindAsync(Channels, Fingerprint.Of(conversation), cancellation);

    /// <summary>The app was removed: nothing can be sent there any more.</summary>
    public async Task ForgetPersonAsync(string person, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(People, person, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing was known.
        }
    }

    private async Task RememberAsync(string kind, string key, ConversationReference reference, CancellationToken cancellation) =>
        await table.UpsertEntityAsync(
            new TableEntity(kind, key)
            {
                ["ServiceUrl"] = reference.ServiceUrl,
                ["Conversation"] = reference.Conversation,
                ["UserId"] = reference.UserId,
                ["At"] = time.GetUtcNow().UtcTicks,
            },
            TableUpdateMode.Replace,
            cancellation
        );

    private async Task<ConversationReference?> FindAsync(string kind, string key, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(kind, key, cancellationToken: cancellation);
        return found.HasValue
            ? new ConversationReference(
                found.Value!.GetString("ServiceUrl") ?? "",
                found.Value.GetString("Conversation") ?? "",
                found.Value.GetString("UserId") ?? ""
            )
            : null;
    }
}
