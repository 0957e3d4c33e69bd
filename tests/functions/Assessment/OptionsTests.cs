using Azure.Core;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Tests.Assessment;

public sealed class OptionsTests
{
    private static IConfiguration Settings(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();

    [Fact]
    public void Settings_are_read_by_their_names()
    {
        var options = ClassificationOptions.From(
            Settings(
                ("Model:Endpoint", "https://contoso.openai.azure.com/openai/v1"),
                ("Model:Deployment", "gpt"),
                ("Model:TimeoutSeconds", "7.5"),
                ("Model:Retries", "0")
            )
        );
        Assert.Equal("https://contoso.openai.azure.com/openai/v1/", options.Endpoint.AbsoluteUri);
        Assert.Equal(("gpt", TimeSpan.FromSeconds(7.5), 0), (options.Deployment, options.Timeout, options.Retries));
        Assert.Null(options.ApiKey);
    }

    [Theory]
    [InlineData("Model:Endpoint", "http://model.example/v1/", "https")]
    [InlineData("Model:Endpoint", "ftp://model.example/", "Model__Endpoint")]
    [InlineData("Model:Endpoint", null, "Model__Endpoint")]
    [InlineData("Model:Deployment", "", "Model__Deployment")]
    [InlineData("Model:TimeoutSeconds", "soon", "Model__TimeoutSeconds")]
    [InlineData("Model:TimeoutSeconds", "0", "Model__TimeoutSeconds")]
    [InlineData("Model:Retries", "1000", "Model__Retries")]
    public void A_setting_that_cannot_be_used_is_named(string key, string? value, string named)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Model:Endpoint"] = "https://model.example/v1/",
            ["Model:Deployment"] = "d",
            [key] = value,
        };
        var error = Assert.Throws<FormatException>(() => ClassificationOptions.From(Settings([.. settings.Select(s => (s.Key, s.Value))])));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_remote_model_needs_a_key_or_a_credential_and_a_local_one_neither()
    {
        var remote = new ClassificationOptions { Endpoint = new Uri("https://model.example/v1/"), Deployment = "d" };
        Assert.Throws<InvalidOperationException>(() => ModelConnection.Create(remote));
        Assert.NotNull(ModelConnection.Create(GivenClassifier.Options));
    }

    [Fact]
    public async Task Without_a_key_an_Azure_token_of_the_configured_scope_signs_in()
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var options = new ClassificationOptions
        {
            Endpoint = new Uri("https://contoso.openai.azure.com/openai/v1/"),
            Deployment = "gpt",
            TokenScope = "https://scope.example/.default",
        };
        var credential = new ScopedCredential();
        var assessment = await new Classifier(ModelConnection.Create(options, credential, handler), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        Assert.Equal(AssessedBy.Model, assessment.By);
        Assert.Equal(["https://scope.example/.default"], credential.Scopes);
        Assert.Equal("Bearer test-token", handler.Messages.Single().Headers.Authorization!.ToString());
        Assert.Equal("https://contoso.openai.azure.com/openai/v1/chat/completions", handler.Messages.Single().RequestUri!.AbsoluteUri);
    }
}
