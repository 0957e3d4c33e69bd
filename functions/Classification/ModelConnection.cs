using System.ClientModel;
using System.ClientModel.Primitives;
using Azure.Core;
using OpenAI;
using OpenAI.Chat;

namespace IRFunctions.Classification;

/// <summary>Builds the official OpenAI client for OpenAI, Azure OpenAI (v1 endpoint) or a compatible local server.</summary>
public static class ModelConnection
{
    /// <param name="options">Where the model is.</param>
    /// <param name="credential">Azure sign-in, used where the options hold no key and the endpoint is not on this machine.</param>
    /// <param name="handler">What sends the requests; null for the network. Tests and the local runtime answer in process through it.</param>
    /// <param name="time">Clock for the waits between retries.</param>
    /// <exception cref="InvalidOperationException">Neither a key nor a credential for an endpoint that needs one.</exception>
    public static ChatClient Create(
        ClassificationOptions options, TokenCredential? credential = null, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
#pragma warning disable CA2000 // The client lives as long as the process and owns its connections.
        var http = new HttpClient(new BoundedAnswerHandler(handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }))
        {
            // The pipeline's own time-outs apply; two clocks would only confuse the reason told to people.
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
#pragma warning restore CA2000
        var client = new OpenAIClientOptions
        {
            Endpoint = options.Endpoint,
            NetworkTimeout = options.Timeout,
            RetryPolicy = new BoundedRetries(options.Retries, time ?? TimeProvider.System),
            Transport = new HttpClientPipelineTransport(http),
            UserAgentApplicationId = "IRFunctions",
            // Log and trace lines of the pipeline would hold alert text.
            EnableDistributedTracing = false,
        };
        client.ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false };
        if (options.ApiKey is { } key) return new ChatClient(options.Deployment, new ApiKeyCredential(key), client);
        // A server on this machine asks for no key, yet the client insists on one.
        if (options.Endpoint.IsLoopback) return new ChatClient(options.Deployment, new ApiKeyCredential("local"), client);
        if (credential is null) throw new InvalidOperationException("The model needs Model__ApiKey or an Azure credential.");
#pragma warning disable OPENAI001 // How OpenAI and Microsoft document sign-in to Azure OpenAI's v1 endpoint; marked as subject to change.
        return new ChatClient(options.Deployment, new BearerTokenPolicy(credential, options.TokenScope), client);
#pragma warning restore OPENAI001
    }

    /// <summary>Few tries, short waits with jitter: an alert must not wait long for a model whose substitute is at hand.</summary>
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
