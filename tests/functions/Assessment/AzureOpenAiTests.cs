using System.Net;
using System.Text.Json.Nodes;
using Azure.Core;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Host;
using IRFunctions.Local.Model;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// One model through both official clients: Azure.AI.OpenAI at a resource's own address, OpenAI at the v1 endpoint of the same resource.
/// What is sent, what comes of it and how often it is tried is the same.
/// </summary>
public sealed class AzureOpenAiTests
{
    private const string Path = "/deployments/{deployment-id}/chat/completions";
    private static readonly Uri Resource = new("https://contoso.openai.azure.com/");
    private static readonly Uri V1 = new("https://contoso.openai.azure.com/openai/v1/");
    private static readonly OpenApiFile Deployments = OpenApiFile.Load("openai", "azure-openai-deployments.openapi.json");

    private static ClassificationOptions At(Uri endpoint) => GivenClassifier.Options with { Endpoint = endpoint, ApiKey = "a-key" };

    private static async Task<(AlertAssessment Assessment, HttpRequestMessage Message, string Body)> SentAsync(Uri endpoint)
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var options = At(endpoint);
        var assessment = await new Classifier(ModelConnection.Create(options, handler: handler), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        return (assessment, handler.Messages.Single(), handler.Requests.Single());
    }

    [Fact]
    public async Task An_Azure_resource_is_asked_by_deployment_with_its_key_and_a_version_of_the_API()
    {
        var (assessment, message, body) = await SentAsync(Resource);
        Assert.Equal(AssessedBy.Model, assessment.By);
        Assert.Equal(
            "https://contoso.openai.azure.com/openai/deployments/test-model/chat/completions?api-version=2025-04-01-preview",
            message.RequestUri!.AbsoluteUri
        );
        Assert.Equal(["a-key"], message.Headers.GetValues("api-key"));
        Assert.Null(message.Headers.Authorization);
        Assert.Empty(Deployments.CheckRequest(Path, "post", body));
        Assert.True((bool)JsonNode.Parse(body)!["response_format"]!["json_schema"]!["strict"]!);
    }

    [Fact]
    public async Task Both_clients_send_the_same_question_with_the_bound_that_newer_models_want()
    {
        var (azure, plain) = (JsonNode.Parse((await SentAsync(Resource)).Body), JsonNode.Parse((await SentAsync(V1)).Body));
        // The strings planted against injection are drawn anew for each classifier.
        foreach (var body in (JsonNode?[])[azure, plain])
            body!["messages"]![0]!["content"] = "";
        Assert.True(JsonNode.DeepEquals(azure, plain), $"{azure}\n{plain}");
        Assert.Equal(GivenClassifier.Options.MaxOutputTokens, (int?)azure!["max_completion_tokens"]);
        Assert.Null(azure["max_tokens"]);
    }

    [Theory]
    [InlineData("messages", "\"no list\"")]
    [InlineData("messages", "[]")]
    [InlineData("response_format", "\"json\"")]
    [InlineData("max_completion_tokens", "\"many\"")]
    public async Task The_description_of_deployments_has_teeth(string property, string value)
    {
        var body = JsonNode.Parse((await SentAsync(Resource)).Body)!;
        body[property] = JsonNode.Parse(value);
        Assert.NotEmpty(Deployments.CheckRequest(Path, "post", body.ToJsonString()));
    }

    [Theory]
    [InlineData(ModelBehaviour.Rules)]
    [InlineData(ModelBehaviour.Refuse)]
    [InlineData(ModelBehaviour.RateLimited)]
    [InlineData(ModelBehaviour.Fail)]
    [InlineData(ModelBehaviour.Garbage)]
    [InlineData(ModelBehaviour.NotJson)]
    [InlineData(ModelBehaviour.Truncated)]
    [InlineData(ModelBehaviour.ContentFilter)]
    [InlineData(ModelBehaviour.Huge)]
    public async Task Both_clients_come_to_the_same_end_after_the_same_number_of_tries(ModelBehaviour behaviour)
    {
        var (azure, plain) = (await EndAsync(Resource, behaviour), await EndAsync(V1, behaviour));
        Assert.Equal(plain, azure);
    }

    private static async Task<(
        AssessedBy By,
        string? Problem,
        Verdict Verdict,
        int Confidence,
        int Input,
        int Output,
        long Tries
    )> EndAsync(Uri endpoint, ModelBehaviour behaviour)
    {
        var model = new LocalModel();
        model.Behave(behaviour);
        var options = At(endpoint);
        var a = await new Classifier(
            ModelConnection.Create(options, handler: new ModelHttpHandler(model), time: new InstantClock()),
            options
        ).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        return (a.By, a.Problem, a.Verdict, a.Confidence, a.InputTokens, a.OutputTokens, model.Answered);
    }

    [Fact]
    public async Task Without_a_key_the_resource_gets_an_Azure_token_of_the_configured_scope()
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var options = GivenClassifier.Options with { Endpoint = Resource, TokenScope = "https://scope.example/.default" };
        var credential = new ScopedCredential();
        await new Classifier(ModelConnection.Create(options, credential, handler), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        Assert.Equal(["https://scope.example/.default"], credential.Scopes);
        Assert.Equal("Bearer test-token", handler.Messages.Single().Headers.Authorization!.ToString());
        Assert.False(handler.Messages.Single().Headers.Contains("api-key"));
    }

    [Fact]
    public async Task Over_HTTP_the_local_model_answers_Azures_client_and_wants_a_version_as_Azure_does()
    {
        var model = new LocalModel();
        await using var server = await LoopbackServer.StartAsync(0, null, app => ModelEndpoint.Map(app, model));
        var options = GivenClassifier.Options with { Endpoint = server.Address, Retries = 0 };
        var assessment = await new Classifier(ModelConnection.Create(options), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        Assert.Equal((AssessedBy.Model, LocalModel.Name, 92), (assessment.By, assessment.Model, assessment.Confidence));

        using var http = new HttpClient { BaseAddress = server.Address };
        using var question = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await http.PostAsync("/openai/deployments/test-model/chat/completions", question)).StatusCode
        );
    }

    [Theory]
    [InlineData("https://contoso.openai.azure.com", true)]
    [InlineData("https://contoso.openai.azure.us/", true)]
    [InlineData("https://contoso.openai.azure.com/openai/v1", false)]
    [InlineData("https://api.openai.com/v1/", false)]
    [InlineData("http://127.0.0.1:11434/v1", false)]
    public void The_address_alone_decides_which_client_is_used(string endpoint, bool azure)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Model:Endpoint"] = endpoint,
            ["Model:Deployment"] = "d",
            ["Model:ApiKey"] = "a-key",
        };
        var options = ClassificationOptions.From(
            new Microsoft.Extensions.Configuration.ConfigurationBuilder()
                .Add(new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = settings })
                .Build()
        );
        Assert.Equal(azure, ModelConnection.Create(options).GetType() != typeof(OpenAI.Chat.ChatClient));
    }
}
