using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Assessment;

/// <summary>
/// Where the model is and how long it may take. Read from configuration: `Model__Endpoint`, `Model__Deployment`, `Model__ApiKey`,
/// `Model__TimeoutSeconds`, `Model__Retries`, `Model__TokenScope`, `Model__ContextSeconds`, `Model__Samples`, `Model__CacheMinutes`,
/// `Model__TokensPerHour`, `Model__CostPerHour`,
/// `Model__InputPrice`, `Model__OutputPrice` (in a file: section `Model`).
/// </summary>
public sealed record ClassificationOptions
{
    /// <summary>
    /// An Azure OpenAI resource by its own address (https://NAME.openai.azure.com/), or a base address ending in /v1/:
    /// https://api.openai.com/v1/, https://NAME.openai.azure.com/openai/v1/ or a compatible server's.
    /// </summary>
    public required Uri Endpoint { get; init; }

    /// <summary>
    /// Whether the endpoint is an Azure OpenAI resource by its own address: nothing stands behind the host, where a base address has its
    /// /v1/.
    /// </summary>
    public bool IsAzureResource => Endpoint.AbsolutePath == "/";

    /// <summary>Model name, or with Azure OpenAI the deployment's.</summary>
    public required string Deployment { get; init; }

    /// <summary>Optional. Without it an Azure credential signs in; never logged.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Longest wait for an answer, retries included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Tries after the first.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Outages in a row after which the model is left alone for <see cref="Pause"/>.</summary>
    public int PauseAfter { get; init; } = 5;

    /// <summary>How long a model that is down is left alone.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Scope of the Azure token; sovereign clouds have their own.</summary>
    public string TokenScope { get; init; } = "https://cognitiveservices.azure.com/.default";

    /// <summary>Bounds what one answer may cost, reasoning included.</summary>
    public int MaxOutputTokens { get; init; } = 4_000;

    /// <summary>Longest wait for what directory and logs know about an alert, before the model is asked; zero asks for nothing.</summary>
    public TimeSpan ContextTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the model is asked about one alert, at the same time; where answers differ, confidence falls.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>How long an answer serves identical questions; zero for never.</summary>
    public TimeSpan CacheFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Tokens in an hour of the clock, by tenant and over all instances; 0 for no limit.</summary>
    public long TokensPerHour { get; init; } = 5_000_000;

    /// <summary>Money in an hour of the clock, by tenant and over all instances, in the currency of the prices; 0 for no limit.</summary>
    public decimal CostPerHour { get; init; }

    /// <summary>Price of a million input tokens; 0 where it is not known, and then nothing has a cost.</summary>
    public decimal InputPrice { get; init; }

    /// <summary>Price of a million output tokens.</summary>
    public decimal OutputPrice { get; init; }

    /// <summary>What so many tokens cost.</summary>
    public decimal CostOf(int input, int output) => ((input * InputPrice) + (output * OutputPrice)) / 1_000_000;

    /// <summary>True where a model is configured at all.</summary>
    public static bool IsConfigured(IConfiguration configuration) => !string.IsNullOrWhiteSpace(configuration["Model:Endpoint"]);

    /// <exception cref="FormatException">A setting is missing or cannot be used; the message names it.</exception>
    public static ClassificationOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Model");
        var options = new ClassificationOptions
        {
            Endpoint = ReadEndpoint(section["Endpoint"]),
            Deployment = section["Deployment"] is { Length: > 0 } deployment
                ? deployment
                : throw new FormatException("Model__Deployment is not set."),
            ApiKey = section["ApiKey"] is { Length: > 0 } key ? key : null,
        };
        return options with
        {
            Timeout = TimeSpan.FromSeconds(ReadNumber(section, "TimeoutSeconds", 1, 300) ?? options.Timeout.TotalSeconds),
            Retries = (int)(ReadNumber(section, "Retries", 0, 10) ?? options.Retries),
            ContextTimeout = TimeSpan.FromSeconds(ReadNumber(section, "ContextSeconds", 0, 60) ?? options.ContextTimeout.TotalSeconds),
            Samples = (int)(ReadNumber(section, "Samples", 1, 7) ?? options.Samples),
            CacheFor = TimeSpan.FromMinutes(ReadNumber(section, "CacheMinutes", 0, 1_440) ?? options.CacheFor.TotalMinutes),
            TokensPerHour = (long)(ReadNumber(section, "TokensPerHour", 0, 1e12) ?? options.TokensPerHour),
            CostPerHour = (decimal)(ReadNumber(section, "CostPerHour", 0, 1e9) ?? 0),
            InputPrice = (decimal)(ReadNumber(section, "InputPrice", 0, 1e6) ?? 0),
            OutputPrice = (decimal)(ReadNumber(section, "OutputPrice", 0, 1e6) ?? 0),
            TokenScope = section["TokenScope"] is { Length: > 0 } scope ? scope : options.TokenScope,
        };
    }

    /// <summary>Shows no secret.</summary>
    public override string ToString() =>
        $"{Deployment} at {Endpoint} ({(ApiKey is null ? "Azure sign-in" : "key")}, {Timeout.TotalSeconds:0.#} s)";

    private static Uri ReadEndpoint(string? text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("https" or "http"))
        {
            throw new FormatException("Model__Endpoint is not an http(s) address.");
        }
        // Alerts hold personal data and the key is a secret: neither travels in the clear.
        if (endpoint.Scheme == "http" && !endpoint.IsLoopback)
            throw new FormatException("Model__Endpoint must be https unless it is on this machine.");
        // Uri joins relative paths to the last slash: without it "v1" would be lost.
        return endpoint.AbsolutePath.EndsWith('/') ? endpoint : new Uri(endpoint.AbsoluteUri + "/");
    }

    private static double? ReadNumber(IConfiguration section, string key, double least, double most)
    {
        if (section[key] is not { Length: > 0 } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"Model__{key} is not a number from {least} to {most}.");
    }
}
