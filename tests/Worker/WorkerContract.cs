using IRFunctions.Tests.RealWorker.Rpc;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.RealWorker;

public abstract class WorkerContract(FunctionsHost host)
{
    [Fact]
    public void It_starts_and_introduces_itself_by_the_id_it_was_given()
    {
        Assert.Equal(host.WorkerId, host.Greeting);
        Assert.Equal(StatusResult.Types.Status.Success, host.Init.Result.Status);
        Assert.StartsWith("http://localhost:", host.Init.Capabilities["HttpUri"], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_function_loads() =>
        Assert.Empty(host.Loads.Where(l => l.Value.Result.Status != StatusResult.Types.Status.Success).Select(l => $"{l.Key}: {l.Value.Result.Exception?.Message}"));
}

[Collection(nameof(Azurite))]
public sealed class InDevelopment(DevelopmentHost host) : WorkerContract(host), IClassFixture<DevelopmentHost>;

[Collection(nameof(Azurite))]
public sealed class InProduction(ProductionHost host) : WorkerContract(host), IClassFixture<ProductionHost>;
