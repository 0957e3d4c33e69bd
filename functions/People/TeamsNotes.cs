using IRFunctions.Connections;

namespace IRFunctions.People;

/// <summary>
/// Notes in one Teams channel for whoever reads along. Asks for nothing: it has no button, and an answer in the channel is no approval.
/// </summary>
public sealed class TeamsNotes(BotConnector connector, ConversationTable conversations, TeamsSettings settings)
{
    private const int MostTitle = 200;
    private const int MostNote = 1_500;

    /// <summary>
    /// Null where the note stands in the channel or no channel is set for notes; else why not, in words. The page is what counts, so that
    /// this never fails.
    /// </summary>
    public async Task<string?> TryPostAsync(string title, string note, CancellationToken cancellation)
    {
        if (!settings.Enabled || settings.Notifications is not { } channel)
            return null;
        try
        {
            var to =
                await conversations.FindChannelAsync(channel, cancellation)
                ?? new ConversationReference(settings.ServiceUrl.ToString(), channel, "");
            await connector.SendAsync(
                to,
                CardParts.Card(
                    [
                        CardParts.Heading("For an analyst"),
                        CardParts.Text(title, MostTitle, weight: "Bolder"),
                        CardParts.Text(note, MostNote),
                    ],
                    "For an analyst"
                ),
                "For an analyst",
                cancellation
            );
            return null;
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException or Azure.RequestFailedException)
        {
            return e.Message;
        }
    }
}
