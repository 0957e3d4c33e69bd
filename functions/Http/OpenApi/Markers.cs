namespace IRFunctions.Http.OpenApi;

/// <summary>What the body of a request is; a function without it takes none.</summary>
/// <param name="body">Its type; null for bytes.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AcceptsAttribute(Type? body, string contentType = "application/json") : Attribute
{
    public Type? Body => body;

    public string ContentType => contentType;

    /// <summary>Whether it may be left out.</summary>
    public bool IsOptional { get; init; }
}

/// <summary>Answers whoever asks, signed in or not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OpenToAllAttribute : Attribute;

/// <summary>Takes If-Match.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class IfMatchAttribute : Attribute;
