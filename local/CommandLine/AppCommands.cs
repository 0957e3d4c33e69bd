using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IRFunctions.Local.Host;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `drill` and `recover`: what a responder asks of a running app, here or anywhere, in one command. Exit codes: 0 done, 1 it did not pass
/// or was refused, 2 the app cannot be reached.
/// </summary>
internal static class AppCommands
{
    private static readonly Option<Uri> App = new("--app")
    {
        Description = "Address of the app: this machine's, staging or live.",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:7071/"),
    };

    private static readonly Option<string?> Token = new("--token") { Description = "Bearer token of a responder; not on this machine." };

    private static readonly Option<string?> As = new("--as") { Description = "On this machine only: object id of the person who asks." };

    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for the record.", Required = true };

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    public static Command Drill(TimeProvider time)
    {
        var action = new Option<string?>("--action") { Description = "Only the targets of this action; otherwise all of Drills__Targets." };
        var wait = new Option<int>("--wait") { Description = "Seconds to wait for the certificates.", DefaultValueFactory = _ => 120 };
        var command = new Command("drill", "Rehearse rollbacks now on the designated targets, and show the certificates")
        {
            App,
            Token,
            As,
            Reason,
            action,
            wait,
        };
        command.SetAction(
            (parsed, stop) =>
                GuardedAsync(
                    parsed,
                    http => DrillAsync(parsed, http, parsed.GetValue(action), TimeSpan.FromSeconds(parsed.GetValue(wait)), time, stop)
                )
        );
        return command;
    }

    public static Command Recover()
    {
        var agent = new Argument<string>("agent") { Description = "Identity to bring back." };
        var command = new Command("recover", "Bring an agent, and what it depends on, back to the latest verified state")
        {
            agent,
            App,
            Token,
            As,
            Reason,
        };
        command.SetAction(
            (parsed, stop) =>
                GuardedAsync(
                    parsed,
                    async http =>
                    {
                        var path = $"api/identities/{Uri.EscapeDataString(parsed.GetValue(agent)!)}/recover";
                        var (ok, answer) = await PostAsync(http, path, new { reason = parsed.GetValue(Reason) }, stop);
                        await parsed.InvocationConfiguration.Output.WriteLineAsync(answer.GetRawText());
                        return ok ? 0 : 1;
                    }
                )
        );
        return command;
    }

    private static async Task<int> DrillAsync(
        ParseResult parsed,
        HttpClient http,
        string? action,
        TimeSpan longest,
        TimeProvider time,
        CancellationToken stop
    )
    {
        var output = parsed.InvocationConfiguration.Output;
        var asked = time.GetUtcNow();
        var (ok, answer) = await PostAsync(http, "api/drills", new { action, reason = parsed.GetValue(Reason) }, stop);
        if (!ok)
        {
            await output.WriteLineAsync(answer.GetRawText());
            return 1;
        }
        var wanted = answer.GetProperty("drills").GetArrayLength();
        while (true)
        {
            var fresh = await CertificatesAsync(http, asked.AddMinutes(-1), stop);
            if (fresh.Count >= wanted || time.GetUtcNow() - asked > longest)
            {
                foreach (var certificate in fresh)
                    await output.WriteLineAsync(InWords(certificate));
                if (fresh.Count < wanted)
                    await output.WriteLineAsync($"{wanted - fresh.Count} of {wanted} have no certificate yet; see GET /api/drills.");
                return fresh.Count >= wanted && fresh.TrueForAll(c => c.GetProperty("passed").GetBoolean()) ? 0 : 1;
            }
            await Task.Delay(Look, time, stop);
        }
    }

    private static async Task<List<JsonElement>> CertificatesAsync(HttpClient http, DateTimeOffset since, CancellationToken stop)
    {
        var listed = await http.GetFromJsonAsync<JsonElement>("api/drills", stop);
        return [.. listed.GetProperty("certificates").EnumerateArray().Where(c => c.GetProperty("at").GetDateTimeOffset() >= since)];
    }

    private static string InWords(JsonElement certificate) =>
        $"{(certificate.GetProperty("passed").GetBoolean() ? "passed" : "FAILED")}  {certificate.GetProperty("action").GetString()} on "
        + $"{certificate.GetProperty("target").GetString()}: {certificate.GetProperty("text").GetString()}";

    private static async Task<(bool Ok, JsonElement Answer)> PostAsync(HttpClient http, string path, object body, CancellationToken stop)
    {
        using var answer = await http.PostAsJsonAsync(path, body, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        return (
            answer.IsSuccessStatusCode,
            text.Length > 0
                ? JsonSerializer.Deserialize<JsonElement>(text)
                : JsonSerializer.SerializeToElement(new { status = (int)answer.StatusCode })
        );
    }

    private static async Task<int> GuardedAsync(ParseResult parsed, Func<HttpClient, Task<int>> work)
    {
        using var http = new HttpClient { BaseAddress = parsed.GetValue(App), Timeout = TimeSpan.FromMinutes(1) };
        if (parsed.GetValue(Token) is { } token)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (parsed.GetValue(As) is { } person)
            http.DefaultRequestHeaders.Add(DevelopmentSignIn.Header, person);
        try
        {
            return await work(http);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"{parsed.GetValue(App)} cannot be used: {e.Message}");
            return 2;
        }
    }
}
