using IRFunctions.Http.OpenApi;

namespace IRFunctions.Tests.Http;

/// <summary>Spectral, the linter of API descriptions, with all that it ships for OpenAPI.</summary>
public sealed class SpectralTests
{
    [Fact]
    public async Task Spectral_finds_nothing_in_the_description()
    {
        var spectral = new NpmFolder("tests/spectral");
        var program = await spectral.InstalledAsync("@stoplight/spectral-cli/dist/index.js");
        var file = Path.Combine(Path.GetTempPath(), $"openapi-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllBytesAsync(file, ApiDescription.Bytes);
            var (code, output) = await spectral.RunAsync(
                "node",
                program,
                "lint",
                file,
                "--ruleset",
                Path.Combine(spectral.Home, "ruleset.yaml"),
                "--fail-severity",
                "warn",
                "--format",
                "text"
            );
            Assert.True(code == 0, output);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
