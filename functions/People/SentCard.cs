namespace IRFunctions.People;

/// <summary>One card as it stands in somebody's chat.</summary>
/// <param name="Person">Object id of whose chat it is; "channel" in a channel.</param>
/// <param name="Requests">Ids of the requests on it, in order.</param>
/// <param name="Hash">SHA-256 of the card as last sent, lower-case hex.</param>
public sealed record SentCard(
    string ServiceUrl,
    string Conversation,
    string Activity,
    string Person,
    IReadOnlyList<string> Requests,
    string Hash
);
