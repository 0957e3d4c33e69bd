using System.ClientModel;
using System.ClientModel.Primitives;
using Azure.AI.OpenAI;
using Azure.Core;
using OpenAI;
using OpenAI.Chat;

namespace IRFunctions.Assessment;

/// <summary>
/// Builds the official client of the model: Azure.AI.OpenAI for an Azure OpenAI resource by its own address, OpenAI for everything else,
/// Azure's v1 endpoint included (docs/decisions/0041). Both send the same question and are bounded and tried again alike.
/// </summary>
public static class ModelConnection
{
    /// <summary>
    /// The newest dated version of Azure's API. The newest that is no preview, 2024-10-21, knows no max_completion_tokens, which newer
    /// models insist on.
    /// </summary>
    private const AzureOpenAIClientOptions.ServiceVersion AzureVersion = AzureOpenAIClientOptions.ServiceVersion.V2025_04_01_Preview;

    private const string Application = "IRFunctions";

    /// <param name="options">Where the model is.</param>
    /// <param name="credential">Azure sign-in, used where the options hold no key and the endpoint is not on this machine.</param>
    /// <param name="handler">What sends the requests; null for the network. Tests and the local runtime answer in process through
    /// it.</param>
    /// <param name="time">Clock for the waits between retries.</param>
    /// <exception cref="InvalidOperationException">Neither a key nor a credential for an endpoint that needs one.</exception>
    public static ChatClient Create(
        ClassificationOptions options,
        TokenCredential? credential = null,
        HttpMessageHandler? handler = null,
        TimeProvider? time = null
    )
    {
        // A server on this machine asks for no key, yet the clients insist on one.
        var key = options.ApiKey ?? (options.Endpoint.IsLoopback ? "local" : null);
        if (key is null && credential is null)
            throw new InvalidOperationException("The model needs Model__ApiKey or an Azure credential.");
        return options.IsAzureResource
            ? ForAzure(options, key, credential, handler, time)
            : ForOpenAi(options, key, credential, handler, time);
    }

    private static ChatClient ForAzure(
        ClassificationOptions options,
        string? key,
        TokenCredential? credential,
        HttpMessageHandler? handler,
        TimeProvider? time
    )
    {
        var settings = new AzureOpenAIClientOptions(AzureVersion)
        {
            Audience = new AzureOpenAIAudience(options.TokenScope),
            UserAgentApplicationId = Application,
        };
        Bound(settings, options, handler, time);
        var client = key is not null
            ? new AzureOpenAIClient(options.Endpoint, new ApiKeyCredential(key), settings)
            : new AzureOpenAIClient(options.Endpoint, credential, settings);
        return client.GetChatClient(options.Deployment);
    }

    private static ChatClient ForOpenAi(
        ClassificationOptions options,
        string? key,
        TokenCredential? credential,
        HttpMessageHandler? handler,
        TimeProvider? time
    )
    {
        var settings = new OpenAIClientOptions { Endpoint = options.Endpoint, UserAgentApplicationId = Application };
        Bound(settings, options, handler, time);
        if (key is not null)
            return new ChatClient(options.Deployment, new ApiKeyCredential(key), settings);
#pragma warning disable OPENAI001 // How OpenAI and Microsoft document sign-in to Azure OpenAI's v1 endpoint; marked as subject to change.
        return new ChatClient(options.Deployment, new BearerTokenPolicy(credential!, options.TokenScope), settings);
#pragma warning restore OPENAI001
    }

    private static void Bound(
        ClientPipelineOptions settings,
        ClassificationOptions options,
        HttpMessageHandler? handler,
        TimeProvider? time
    )
    {
#pragma warning disable CA2000 // The client lives as long as the process and owns its connections.
        var http = new HttpClient(
            new BoundedAnswerHandler(handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        )
        {
            // The pipeline's own time-outs apply; two clocks would only confuse the reason told to people.
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
#pragma warning restore CA2000
        settings.NetworkTimeout = options.Timeout;
        settings.RetryPolicy = new BoundedRetries(options.Retries, time ?? TimeProvider.System);
        settings.Transport = new HttpClientPipelineTransport(http);
        // Log and trace lines of the client would hold alert text.
        settings.EnableDistributedTracing = false;
        settings.ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false };
    }

    /// <summary>Few tries, short waits with jitter: an alert must not wait long for a model when rules are at hand.</summary>
    private sealed class BoundedRetries(int retries, TimeProvider time) : ClientRetryPolicy(retries)
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);

        protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount)
        {
            // Includes the server's Retry-After, which may ask for an hour.
            var asked = base.GetNextDelay(message, tryCount);
            return TimeSpan.FromTicks((long)(Math.Min(asked.Ticks, Longest.Ticks) * (0.75 + (Random.Shared.NextDouble() * 0.25))));
        }

        protected override Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken) => Task.Delay(wait, time, cancellationToken);
    }
}
