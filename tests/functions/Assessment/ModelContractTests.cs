using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Requests and answers keep to OpenAI's own description of the API, and recorded exchanges with the real service go through our reader.
/// </summary>
public sealed class ModelContractTests
{
    private static readonly OpenApiFile OpenAi = OpenApiFile.Load("openai", "openai-chat-completions.openapi.json");
    private static readonly OpenApiFile AzureV1 = OpenApiFile.Load("openai", "azure-openai-v1.openapi.json");

    /// <summary>Both services' own descriptions: neither alone is the other's.</summary>
    private static readonly OpenApiFile[] Descriptions = [OpenAi, AzureV1];

    private static List<string> Problems(string request) =>
        [.. Descriptions.SelectMany(d => d.CheckRequest("/chat/completions", "post", request))];

    private static async Task<(string Request, string Answer)> Exchange(ModelBehaviour behaviour)
    {
        var model = new LocalModel();
        model.Behave(behaviour);
        var recorder = new Recorder(new ModelHttpHandler(model));
        await new Classifier(
            ModelConnection.Create(GivenClassifier.Options with { Retries = 0 }, handler: recorder),
            GivenClassifier.Options
        ).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        return (recorder.Request!, recorder.Answer!);
    }

    [Fact]
    public async Task The_request_as_sent_keeps_to_the_descriptions_of_OpenAI_and_of_Azure_OpenAI_v1()
    {
        var (request, _) = await Exchange(ModelBehaviour.Rules);
        Assert.Empty(Problems(request));

        var body = JsonNode.Parse(request)!;
        Assert.Equal("test-model", (string?)body["model"]);
        Assert.Equal(["system", "user"], body["messages"]!.AsArray().Select(m => (string?)m!["role"]));
        Assert.Equal("json_schema", (string?)body["response_format"]!["type"]);
        Assert.True((bool)body["response_format"]!["json_schema"]!["strict"]!);
    }

    [Theory]
    [InlineData("messages", "\"no list\"", true)]
    [InlineData("messages", "[]", true)]
    [InlineData("response_format", "{\"type\":\"json_schema\"}", false)] // Azure's names the kinds of format by a discriminator only
    [InlineData("response_format", "\"json\"", true)]
    [InlineData("max_completion_tokens", "\"many\"", true)]
    public async Task The_descriptions_have_teeth(string property, string value, bool azureToo)
    {
        var (request, _) = await Exchange(ModelBehaviour.Rules);
        var body = JsonNode.Parse(request)!;
        body[property] = JsonNode.Parse(value);
        Assert.All(
            azureToo ? Descriptions : [OpenAi],
            d => Assert.NotEmpty(d.CheckRequest("/chat/completions", "post", body.ToJsonString()))
        );
    }

    [Theory]
    [InlineData(ModelBehaviour.Rules)]
    [InlineData(ModelBehaviour.Refuse)]
    [InlineData(ModelBehaviour.Truncated)]
    [InlineData(ModelBehaviour.ContentFilter)]
    [InlineData(ModelBehaviour.Garbage)]
    [InlineData(ModelBehaviour.Hostile)]
    public async Task Answers_of_the_local_model_keep_to_the_OpenAI_description(ModelBehaviour behaviour)
    {
        var (_, answer) = await Exchange(behaviour);
        Assert.All(Descriptions, d => Assert.Empty(d.CheckResponse("/chat/completions", "post", 200, answer)));
    }

    /// <summary>
    /// Every exchange recorded with the real service, whatever it was about: none throws, none yields a recommendation, each has its
    /// reason.
    /// </summary>
    [Fact]
    public async Task Every_recorded_exchange_goes_through_the_reader_and_ends_with_a_reason()
    {
        var all = AllRecorded
            .SelectMany(r => r.Value!["Entries"]!.AsArray())
            .Where(e => ((string)e!["RequestUri"]!).EndsWith("/chat/completions", StringComparison.Ordinal))
            .ToList();
        Assert.True(all.Count >= 10, $"{all.Count} exchanges");
        foreach (var entry in all)
        {
            Assert.Empty(OpenAi.CheckRequest("/chat/completions", "post", Whole(entry!["RequestBody"]!)));
            var handler = ScriptedModel.Json(entry["ResponseBody"]!.ToJsonString(), (HttpStatusCode)(int)entry["StatusCode"]!);
            var assessment = await GivenClassifier.Classifier(handler).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
            Assert.Equal(AssessedBy.Rules, assessment.By);
            Assert.NotNull(assessment.Problem);
            if ((int)entry["StatusCode"]! == 200)
                Assert.True(assessment.InputTokens > 0, "what was paid for is counted");
        }
    }

    // The recorder may keep a long body in pieces.
    private static string Whole(JsonNode body) =>
        body is JsonArray pieces ? string.Concat(pieces.Select(p => (string)p!)) : body.ToJsonString();

    [Fact]
    public void The_answer_schema_keeps_to_what_strict_mode_allows()
    {
        CheckStrict(JsonNode.Parse(AnswerSchema.Json)!);

        static void CheckStrict(JsonNode schema)
        {
            string[] allowed = ["type", "properties", "required", "additionalProperties", "items", "enum", "description"];
            Assert.All(schema.AsObject(), p => Assert.Contains(p.Key, allowed));
            if ((string?)schema["type"] == "object")
            {
                Assert.False((bool)schema["additionalProperties"]!);
                Assert.Equal(schema["properties"]!.AsObject().Select(p => p.Key), schema["required"]!.AsArray().Select(r => (string?)r));
                foreach (var (_, property) in schema["properties"]!.AsObject())
                    CheckStrict(property!);
            }
            if (schema["items"] is { } items)
                CheckStrict(items);
        }
    }

    public static TheoryData<string, string> Recordings =>
        new()
        {
            { "ChatTests/StructuredOutputsWork", "does not keep to the schema" },
            { "ChatTests/NonStrictJsonSchemaWorks", "does not keep to the schema" },
            { "ChatTests/StructuredRefusalWorks", "refused to answer" },
            { "ChatToolTests/StructuredOutputs(WithSchema,Strict)", "something else" },
            { "ChatToolTests/StructuredOutputs(WithSchema,NotStrict)", "something else" },
            { "ChatToolTests/StructuredOutputs(WithoutSchema,Strict,FailureExpected)", "rejected the request (400)" },
        };

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Recorded_exchanges_with_the_real_service_end_as_they_should(string name, string problem)
    {
        var entry = Recorded(name);
        var handler = ScriptedModel.Json(entry["ResponseBody"]!.ToJsonString(), (HttpStatusCode)(int)entry["StatusCode"]!);
        var assessment = await GivenClassifier.Classifier(handler).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Equal(AssessedBy.Rules, assessment.By);
        Assert.Contains(problem, assessment.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recorded_exchange_with_our_answer_in_it_is_used_with_its_model_and_tokens()
    {
        var body = Recorded("ChatTests/StructuredOutputsWork")["ResponseBody"]!.DeepClone();
        body["choices"]![0]!["message"]!["content"] = ScriptedModel.Answer();
        var assessment = await GivenClassifier
            .Classifier(ScriptedModel.Json(body.ToJsonString()))
            .AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Equal(AssessedBy.Model, assessment.By);
        Assert.Equal(("gpt-4o-mini-2024-07-18", 75, 91), (assessment.Model, assessment.InputTokens, assessment.OutputTokens));
    }

    [Fact]
    public async Task Over_HTTP_the_local_model_answers_the_official_client()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        var model = new LocalModel();
        ModelEndpoint.Map(app, model);
        await app.StartAsync();
        var options = GivenClassifier.Options with { Endpoint = new Uri(app.Urls.Single() + "/openai/v1/"), Retries = 0 };
        var classifier = new Classifier(ModelConnection.Create(options), options);

        var assessment = await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Equal((AssessedBy.Model, LocalModel.Name), (assessment.By, assessment.Model));
        Assert.Null(assessment.Problem);
        Assert.Equal(92, assessment.Confidence);

        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var order = new StringContent("""{"behaviour":"RateLimited","times":1}""", System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.OK, (await http.PutAsync("/local/model", order)).StatusCode);
        Assert.Contains(
            "429",
            (await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions)).Problem,
            StringComparison.Ordinal
        );
        Assert.Null((await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions)).Problem);

        using var foreign = new StringContent(
            """{"model":"m","messages":[{"role":"user","content":"hello"}]}""",
            System.Text.Encoding.UTF8,
            "application/json"
        );
        Assert.Equal(HttpStatusCode.BadRequest, (await http.PostAsync("/v1/chat/completions", foreign)).StatusCode);
    }

    private static readonly JsonObject AllRecorded = JsonNode
        .Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "openai", "structured_output_recordings.json")))!
        .AsObject();

    private static JsonNode Recorded(string name) => AllRecorded[$"tests/SessionRecords/{name}.json"]!["Entries"]![0]!;

    private sealed class Recorder(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public string? Request { get; private set; }

        public string? Answer { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Request = await request.Content!.ReadAsStringAsync(cancellationToken);
            var response = await base.SendAsync(request, cancellationToken);
            Answer = await response.Content.ReadAsStringAsync(cancellationToken);
            return response;
        }
    }
}
