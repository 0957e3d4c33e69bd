namespace Azure.Data.Tables;

internal sealed record TableConnectionString(Uri Endpoint, TableSharedKeyCredential Credential)
{
    // The emulator's account, published by Microsoft; it opens nothing else.
    private const string EmulatorAccount = "devstoreaccount1";
    private const string EmulatorKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static TableConnectionString Parse(string text)
    {
        var settings = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair.Length == 2 ? pair[1] : "", StringComparer.OrdinalIgnoreCase);
        if (string.Equals(settings.GetValueOrDefault("UseDevelopmentStorage"), "true", StringComparison.OrdinalIgnoreCase))
        {
            var proxy = new Uri(settings.GetValueOrDefault("DevelopmentStorageProxyUri") ?? "http://127.0.0.1");
            var endpoint = new UriBuilder(proxy.Scheme, proxy.Host, 10002, EmulatorAccount).Uri;
            return new TableConnectionString(endpoint, new TableSharedKeyCredential(EmulatorAccount, EmulatorKey));
        }
        if (!settings.TryGetValue("AccountName", out var account) || !settings.TryGetValue("AccountKey", out var key))
            throw new FormatException("No valid combination of account information found.");
        var (scheme, suffix) = (settings.GetValueOrDefault("DefaultEndpointsProtocol"), settings.GetValueOrDefault("EndpointSuffix"));
        var address = settings.GetValueOrDefault("TableEndpoint") ?? $"{scheme ?? "https"}://{account}.table.{suffix ?? "core.windows.net"}";
        return new TableConnectionString(new Uri(address), new TableSharedKeyCredential(account, key));
    }
}
