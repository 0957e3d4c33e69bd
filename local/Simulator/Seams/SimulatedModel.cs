using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>
/// A model that says what the story wants it to say: it reads the alert's mark and its entities back out of the request and answers with
/// the draft's advice, or makes trouble.
/// </summary>
internal sealed class SimulatedModel(Func<int, AlertDraft?> find, Life life) : HttpMessageHandler
{
    private const string Start = "\"title\":\"Simulated attack ";

    private static readonly string[] Everything =
    [
        "disable_user_account_temporarily",
        "revoke_user_sessions",
        "add_ip_to_watchlist",
        "block_ip_at_firewall",
        "quarantine_email",
        "increase_logging_verbosity",
        "revoke_api_key",
        "isolate_production_host",
        "revoke_service_account_credential",
        "delete_all_users",
        "dіsable_user_account_temporarily",
        "isolate_production_host ",
    ];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        life.Require();
        var text = UserText(await request.Content!.ReadAsStringAsync(cancellationToken));
        var draft = Mark(text) is { } mark ? find(mark) : null;
        var entities = Entities(text);
        return draft?.Mood switch
        {
            ModelMood.Fails => new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new StringContent("{}") },
            ModelMood.NotJson => Completed("<html>Bad gateway</html>"),
            ModelMood.Refuses => Answer(null, "I'm sorry, I can't help with that."),
            ModelMood.Garbage => Answer("Sure! I would isolate every host."),
            ModelMood.Truncated => Answer("{\"verdict\":\"true_pos", finish: "length"),
            ModelMood.Hostile => Answer(
                Advise(entities.Select(e => e.Id).Append("alert").Append("e999").SelectMany(id => Everything.Select(a => (a, id, 100))))
            ),
            null => Answer(Advise([("create_alert_ticket", "alert", 90)])),
            _ => Answer(Advise(draft.Advice.Select(a => (a.Action, IdOf(a, draft, entities), a.Confidence)))),
        };
    }

    /// <summary>The id that the product gave the thing; what the alert does not name gets an id of nothing.</summary>
    private static string IdOf(Advice advice, AlertDraft draft, IReadOnlyList<(string Id, string Kind)> entities)
    {
        if (advice.Thing < 0)
            return advice.Thing == -1 ? "alert" : "00000000-0000-4000-8000-0000000000a1";
        var thing = draft.Things[advice.Thing];
        var kind = thing.Kind switch
        {
            NamedKind.Account => "account",
            NamedKind.Address => "ip",
            NamedKind.Mail => "mailMessage",
            NamedKind.Device => "host",
            NamedKind.Application => "application",
            _ => "mailbox",
        };
        var ofKind = entities.Where(e => e.Kind == kind).ToList();
        var nth = draft.Things.Take(advice.Thing).Count(t => t.Kind == thing.Kind);
        return nth < ofKind.Count ? ofKind[nth].Id : "e999";
    }

    private static string Advise(IEnumerable<(string Action, string Entity, int Confidence)> advice) =>
        JsonSerializer.Serialize(
            new
            {
                verdict = "true_positive",
                confidence = 95,
                reasoning = "Simulated.",
                evidence = Array.Empty<string>(),
                recommendations = advice
                    .Take(20)
                    .Select(a => new
                    {
                        action = a.Action,
                        entity_id = a.Entity,
                        confidence = a.Confidence,
                        reason = "Simulated.",
                    }),
            }
        );

    private static int? Mark(string text)
    {
        var at = text.LastIndexOf(Start, StringComparison.Ordinal);
        return at >= 0 && int.TryParse(text.AsSpan(at + Start.Length, 4), out var mark) ? mark : null;
    }

    private static string UserText(string body)
    {
        using var json = JsonDocument.Parse(body);
        var content = json.RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        return content.ValueKind == JsonValueKind.String
            ? content.GetString()!
            : string.Concat(content.EnumerateArray().Select(p => p.GetProperty("text").GetString()));
    }

    /// <summary>The entities of the trusted part of the user's message, as the prompt shows them.</summary>
    private static List<(string Id, string Kind)> Entities(string text)
    {
        var open = text.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
            return [];
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text[open..]), new JsonReaderOptions { AllowMultipleValues = true });
        return JsonNode.Parse(ref reader) is JsonObject trusted && trusted["entities"] is JsonArray entities
            ? [.. entities.Select(e => ((string?)e!["id"] ?? "", (string?)e["kind"] ?? ""))]
            : [];
    }

    private static HttpResponseMessage Answer(string? content, string? refusal = null, string finish = "stop") =>
        Completed(
            JsonSerializer.Serialize(
                new
                {
                    id = "chatcmpl-1",
                    @object = "chat.completion",
                    created = 1,
                    model = "simulated",
                    choices = new[]
                    {
                        new
                        {
                            index = 0,
                            message = new
                            {
                                role = "assistant",
                                content,
                                refusal,
                            },
                            logprobs = (object?)null,
                            finish_reason = finish,
                        },
                    },
                    usage = new
                    {
                        prompt_tokens = 1,
                        completion_tokens = 1,
                        total_tokens = 2,
                    },
                }
            )
        );

    private static HttpResponseMessage Completed(string body) =>
        new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
