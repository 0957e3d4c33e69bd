using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Host;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `contain`: asks a running pipeline for a containment without an alert, as the API does. Exit codes: 0 taken, 1 refused with the remedy,
/// 2 the pipeline does not answer.
/// </summary>
internal static class ContainCommand
{
    private static readonly Option<Uri> Address = new("--address")
    {
        Description = "Where the pipeline runs.",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:7071/"),
    };
    private static readonly Option<string> Action = new("--action") { Description = "Name of an action of the policy.", Required = true };
    private static readonly Option<string> Kind = new("--kind")
    {
        Description = "account, application, host, ip, mailbox or mailMessage.",
        Required = true,
    };
    private static readonly Option<string> Id = new("--id") { Description = "Object id, address or message id.", Required = true };
    private static readonly Option<string?> Message = new("--internet-message-id") { Description = "Only for a mailMessage." };
    private static readonly Option<string?> Recipient = new("--recipient") { Description = "Only for a mailMessage: whose copy." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Why; stands on the record.", Required = true };
    private static readonly Option<string?> As = new("--as") { Description = "Local run only: object id of who asks." };
    private static readonly Option<string> Token = new("--token-variable")
    {
        Description = "Environment variable that holds a bearer token; no token is ever an argument.",
        DefaultValueFactory = _ => "IRF_TOKEN",
    };

    public static Command Create()
    {
        var command = new Command("contain", "Ask for a containment without an alert: same policy, approval by somebody else, same undo.")
        {
            Address,
            Action,
            Kind,
            Id,
            Message,
            Recipient,
            Reason,
            As,
            Token,
        };
        command.SetAction(async (parsed, stop) => await RunAsync(parsed, stop));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = parsed.GetValue(Address) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/containments")
        {
            Content = JsonContent.Create(
                new
                {
                    action = parsed.GetValue(Action),
                    target = new
                    {
                        kind = parsed.GetValue(Kind),
                        id = parsed.GetValue(Id),
                        internetMessageId = parsed.GetValue(Message),
                        recipient = parsed.GetValue(Recipient),
                    },
                    reason = parsed.GetValue(Reason),
                }
            ),
        };
        request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7():N}");
        if (parsed.GetValue(As) is { } person)
            request.Headers.Add(DevelopmentSignIn.Header, person);
        if (Environment.GetEnvironmentVariable(parsed.GetValue(Token)!) is { Length: > 0 } token)
            request.Headers.Authorization = new("Bearer", token);
        try
        {
            using var answer = await http.SendAsync(request, stop);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(stop));
            if (answer.IsSuccessStatusCode)
            {
                var look = new Uri(http.BaseAddress!, ((string?)body?["look"] ?? "").TrimStart('/'));
                Console.WriteLine($"Taken at {(string?)body?["at"]}. Look: {look}");
                return 0;
            }
            await Console.Error.WriteLineAsync($"{(string?)body?["title"]}: {(string?)body?["detail"]}");
            return 1;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException)
        {
            await Console.Error.WriteLineAsync($"{http.BaseAddress} does not answer as the pipeline does: {e.Message}");
            return 2;
        }
    }
}
