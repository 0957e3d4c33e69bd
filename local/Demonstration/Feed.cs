using System.Net.Http.Headers;

namespace IRFunctions.Local.Demonstration;

/// <summary>Sends the sample alerts to the queue, one after the other, over the same HTTP door that Azure offers.</summary>
internal static class Feed
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(1200);

    public static async Task SendAsync(Uri address, Timeline timeline, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = address };
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "samples"), "*.json").Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            try
            {
                using var content = new ByteArrayContent(await File.ReadAllBytesAsync(file, stop));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var request = new HttpRequestMessage(HttpMethod.Post, "alerts/messages") { Content = content };
                // The file's name as message id: sending the same samples again within ten minutes is a duplicate, as on Service Bus.
                request.Headers.Add("BrokerProperties", $$"""{"MessageId":"sample-{{Path.GetFileNameWithoutExtension(file)}}"}""");
                using var response = await http.SendAsync(request, stop);
                timeline.Sent(Path.GetFileName(file), (int)response.StatusCode);
                await Task.Delay(Between, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
