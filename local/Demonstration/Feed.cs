using System.Net.Http.Headers;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Machine;

namespace IRFunctions.Local.Demonstration;

/// <summary>Sends the sample alerts to the queue, one after the other.</summary>
internal static class Feed
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(1200);

    /// <summary>Over the same HTTP door that Azure offers, to the queue of this machine.</summary>
    public static async Task SendAsync(Uri address, Timeline timeline, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = address };
        await SendAllAsync(timeline, file => PostAsync(http, file, stop), stop);
    }

    /// <summary>By the official client, to a queue elsewhere: Microsoft's emulator has no HTTP door.</summary>
    public static async Task SendAsync(ServiceBusClient client, Timeline timeline, CancellationToken stop)
    {
        await using var sender = client.CreateSender(LocalMachine.AlertsQueue);
        await SendAllAsync(
            timeline,
            async file =>
            {
                var body = await File.ReadAllBytesAsync(file, stop);
                var message = new ServiceBusMessage(body) { MessageId = IdOf(file), ContentType = "application/json" };
                try
                {
                    await sender.SendMessageAsync(message, stop);
                    return null;
                }
                catch (ServiceBusException e)
                {
                    return e.Reason.ToString();
                }
            },
            stop
        );
    }

    /// <param name="send">Answers why the queue refused a file; null where it took it.</param>
    private static async Task SendAllAsync(Timeline timeline, Func<string, Task<string?>> send, CancellationToken stop)
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples");
        var files = System.IO.Directory.EnumerateFiles(samples, "*.json").Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            try
            {
                // An alert that was taken speaks for itself when it is received.
                if (await send(file) is { } refusal)
                    timeline.Refused(Path.GetFileName(file), refusal);
                await Task.Delay(Between, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<string?> PostAsync(HttpClient http, string file, CancellationToken stop)
    {
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(file, stop));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{LocalMachine.AlertsQueue}/messages") { Content = content };
        request.Headers.Add("BrokerProperties", $$"""{"MessageId":"{{IdOf(file)}}"}""");
        using var response = await http.SendAsync(request, stop);
        return response.IsSuccessStatusCode ? null : ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The file's name: sending the same samples again within ten minutes is a duplicate.</summary>
    private static string IdOf(string file) => $"sample-{Path.GetFileNameWithoutExtension(file)}";
}
