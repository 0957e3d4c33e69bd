using System.Text.Json.Serialization;

namespace IRFunctions.Local.Model;

/// <summary>
/// How the local model endpoint answers. Everything but <see cref="Rules"/> is trouble a real model has been seen to make.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelBehaviour>))]
public enum ModelBehaviour
{
    /// <summary>The plain rules of functions/Assessment, as a model's answer.</summary>
    Rules,

    /// <summary>A refusal in place of content.</summary>
    Refuse,

    /// <summary>429 with Retry-After.</summary>
    RateLimited,

    /// <summary>500.</summary>
    Fail,

    /// <summary>Chatty text where JSON was asked for.</summary>
    Garbage,

    /// <summary>A body that is no JSON at all, as a proxy's error page.</summary>
    NotJson,

    /// <summary>Half an answer and finish_reason "length".</summary>
    Truncated,

    /// <summary>Half an answer and finish_reason "content_filter".</summary>
    ContentFilter,

    /// <summary>Keeps to the schema and recommends every action, known and invented, on everything, at 100.</summary>
    Hostile,

    /// <summary>Keeps to the schema and tells what its instructions call secret, as a model that was talked into it.</summary>
    Leak,

    /// <summary>Keeps to the schema in 2 MB.</summary>
    Huge,

    /// <summary>Never answers.</summary>
    Silent,

    /// <summary>A right answer, one byte a second.</summary>
    Drip,
}

/// <summary>What the endpoint is told to do.</summary>
/// <param name="Behaviour">How to answer.</param>
/// <param name="Times">For how many requests; null for good. Afterwards it answers by the rules again.</param>
/// <param name="DelaySeconds">Wait before each answer.</param>
public sealed record ModelOrder(ModelBehaviour Behaviour, int? Times = null, double DelaySeconds = 0);

/// <summary>One answer of the endpoint, ready for any transport.</summary>
public sealed record ModelReply(int Status, byte[] Body, string ContentType = "application/json", int? RetryAfterSeconds = null)
{
    /// <summary>The body, at the pace the behaviour asks for.</summary>
    internal Stream? Slowly { get; init; }
}
