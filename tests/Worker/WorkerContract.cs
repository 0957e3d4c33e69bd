using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Tests.RealWorker.Rpc;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// What the deployable must do when a Functions host starts it; run in Development, as func start sets it, and in Production.
/// </summary>
public abstract partial class WorkerContract(FunctionsHost host)
{
    [Fact]
    public void It_starts_and_introduces_itself_by_the_id_it_was_given()
    {
        Assert.Equal(host.WorkerId, host.Greeting);
        AssertSuccess(host.Init.Result);
        Assert.StartsWith("http://localhost:", host.Init.Capabilities["HttpUri"], StringComparison.Ordinal);
    }

    [Fact]
    public void It_indexes_exactly_the_functions_of_the_expected_list()
    {
        AssertSuccess(host.Index.Result);
        Assert.False(host.Index.UseDefaultMetadataIndexing); // Else the host would read functions.metadata itself.
        Assert.All(
            host.Index.FunctionMetadataResults,
            f => Assert.Equal(("IRFunctions.dll", "dotnet-isolated"), (f.ScriptFile, f.Language))
        );
        ExpectedFunctions.AssertSame(
            host.Index.FunctionMetadataResults.Select(f => new JsonObject
            {
                ["name"] = f.Name,
                ["entryPoint"] = f.EntryPoint,
                ["bindings"] = new JsonArray([.. f.RawBindings.Select(b => JsonNode.Parse(b))]),
            })
        );
    }

    [Fact]
    public void It_tells_the_host_type_and_direction_of_each_binding()
    {
        foreach (var function in host.Index.FunctionMetadataResults)
        {
            foreach (var raw in function.RawBindings.Select(b => JsonNode.Parse(b)!))
            {
                var told = function.Bindings[(string)raw["name"]!];
                Assert.Equal(((string)raw["type"]!, (string)raw["direction"]!), (told.Type, told.Direction.ToString()));
            }
        }
    }

    [Fact]
    public void Every_function_loads()
    {
        Assert.Equal(ExpectedFunctions.Names, host.Loads.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(
            host.Loads.Where(l => l.Value.Result.Status != StatusResult.Types.Status.Success)
                .Select(l => $"{l.Key}: {l.Value.Result.Exception?.Message}")
        );
    }

    /// <summary>An id that nothing else uses, neither the other environment.</summary>
    private string Id(string name) => $"{host.Environment.ToLowerInvariant()}-{name}";

    private static void AssertSuccess(StatusResult result) =>
        Assert.True(result.Status == StatusResult.Types.Status.Success, result.Exception?.Message);

    /// <summary>Invokes a function that must not fail, and reads what it returned.</summary>
    private async Task<JsonElement> RunAsync(string function, object? input)
    {
        var answer = await host.InvokeAsync(function, new TypedData { String = Durable.Json(input) ?? "" });
        AssertSuccess(answer.Result);
        return answer.ReturnValue is null
            ? default
            : JsonSerializer.Deserialize<JsonElement>(
                answer.ReturnValue.DataCase == TypedData.DataOneofCase.Json
                    ? answer.ReturnValue.Json
                    : JsonSerializer.Serialize(answer.ReturnValue.String)
            );
    }
}

[Collection(nameof(Azurite))]
public sealed class WorkerInDevelopment(DevelopmentHost host) : WorkerContract(host), IClassFixture<DevelopmentHost>;

[Collection(nameof(Azurite))]
public sealed class WorkerInProduction(ProductionHost host) : WorkerContract(host), IClassFixture<ProductionHost>;
