using Azure;

namespace IRFunctions.Storage;

/// <summary>What the table client throws where the service refuses or cannot be reached.</summary>
internal static class TableTrouble
{
    /// <summary>Its own retries end in an AggregateException where there was no answer at all (Azure.Core, RetryPolicy).</summary>
    public static bool Is(Exception e) => e is RequestFailedException or AggregateException { InnerException: RequestFailedException };
}
