using System.Text.Json.Serialization;

namespace IRFunctions.Decisions;

/// <summary>What the model takes the alert for. It recommends; the policy decides.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    Unknown,
    TruePositive,
    BenignPositive,
    FalsePositive,
}

/// <summary>Who wrote the assessment: the model, the rules that stand in when it is down, nobody, or a person who asks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AssessedBy>))]
public enum AssessedBy
{
    Model,
    Rules,
    Nobody,

    /// <summary>A signed-in person who asks for the containment.</summary>
    Person,
}

/// <summary>
/// One recommended action. <see cref="Action"/> may be any text a model wrote; only the tier map says what it means (S1).
/// </summary>
/// <param name="Action">Action name as recommended.</param>
/// <param name="EntityId">Id of the alert's entity it is about ("e3"), or "alert" for the alert itself. Never an address or a name
/// (S4).</param>
/// <param name="Confidence">0 to 100.</param>
/// <param name="Reason">The model's words, for a person. Untrusted text.</param>
public sealed record Recommendation(string Action, string EntityId, int Confidence, string Reason);

/// <summary>The outcome of classification: always one, even when the model is down (S12).</summary>
public sealed record AlertAssessment
{
    public required Verdict Verdict { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Confidence { get; init; }

    /// <summary>At most two sentences for a person. Untrusted text.</summary>
    public required string Reasoning { get; init; }

    public IReadOnlyList<Recommendation> Recommendations { get; init; } = [];

    /// <summary>Ids of the alert's entities that support the verdict.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    public required AssessedBy By { get; init; }

    /// <summary>Model name as the endpoint reported it; null without a model.</summary>
    public string? Model { get; init; }

    /// <summary>SHA-256 of the prompt file, lower-case hex.</summary>
    public string PromptHash { get; init; } = "";

    /// <summary>
    /// Why the model's answer is missing or was not used, in words for a person; null when all is well. Doubt goes to a person (S12).
    /// </summary>
    public string? Problem { get; init; }

    /// <summary>
    /// True where a planted string came back (`Canary`): somebody's text has got the model to turn its instructions out. The
    /// answer was not used, and whatever follows from the alert asks a person.
    /// </summary>
    public bool Injection { get; init; }

    /// <summary>What was asked about the alert's entities and could not be learned, in words for a person.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>How many samples agreed on the verdict ("2 of 3"); null where only one was asked for.</summary>
    public string? Agreement { get; init; }

    /// <summary>When the same question was asked before, where this is the answer given then; null where the model was asked now.</summary>
    public DateTimeOffset? AnsweredBefore { get; init; }

    /// <summary>
    /// Tokens of the question as the endpoint counted them, all samples together; 0 where the model was not asked or said nothing.
    /// </summary>
    public int InputTokens { get; init; }

    /// <summary>Tokens of the answer, as <see cref="InputTokens"/>.</summary>
    public int OutputTokens { get; init; }

    /// <summary>By the configured prices, in their currency; 0 where there are none.</summary>
    public decimal Cost { get; init; }

    /// <summary>Seconds from the question to the answer, retries included.</summary>
    public double Seconds { get; init; }
}
