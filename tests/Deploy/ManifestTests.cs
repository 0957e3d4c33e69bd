using System.Buffers.Binary;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>The Teams app package is what the upload accepts; the limits are those of the manifest schema 1.19.</summary>
public sealed partial class ManifestTests
{
    private static readonly string Folder = Path.Combine(Sources.Root, "teams");

    private static JsonObject Manifest()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "manifest.json"));
        var filled = text.Replace("${{BOT_APP_ID}}", Guid.Empty.ToString(), StringComparison.Ordinal)
            .Replace("${{TEAMS_APP_ID}}", Guid.Empty.ToString(), StringComparison.Ordinal)
            .Replace("${{CONSOLE_HOST}}", "approvals.example.com", StringComparison.Ordinal);
        Assert.DoesNotContain("${{", filled, StringComparison.Ordinal);
        return (JsonObject)JsonNode.Parse(filled)!;
    }

    [Fact]
    public void It_has_what_the_schema_requires_within_its_limits()
    {
        var manifest = Manifest();
        string[] required = ["$schema", "manifestVersion", "version", "id", "developer", "name", "description", "icons", "accentColor"];
        Assert.All(required, key => Assert.True(manifest.ContainsKey(key), key));
        Assert.Equal("1.19", (string?)manifest["manifestVersion"]);
        Assert.Matches(@"^\d+\.\d+\.\d+$", (string)manifest["version"]!);
        Assert.True(Guid.TryParse((string?)manifest["id"], out _));
        Assert.InRange(((string)manifest["name"]!["short"]!).Length, 1, 30);
        Assert.InRange(((string)manifest["name"]!["full"]!).Length, 1, 100);
        Assert.InRange(((string)manifest["description"]!["short"]!).Length, 1, 80);
        Assert.InRange(((string)manifest["description"]!["full"]!).Length, 1, 4000);
        Assert.InRange(((string)manifest["developer"]!["name"]!).Length, 1, 32);
        Assert.All(
            (string[])["websiteUrl", "privacyUrl", "termsOfUseUrl"],
            key => Assert.StartsWith("https://", (string)manifest["developer"]![key]!, StringComparison.Ordinal)
        );
        Assert.Matches("^#[0-9a-fA-F]{6}$", (string)manifest["accentColor"]!);
        Assert.All(manifest["validDomains"]!.AsArray(), d => Assert.Matches(Domain(), (string)d!));
    }

    [Fact]
    public void Its_bot_reaches_people_and_channels_and_asks_for_no_more()
    {
        var bot = Assert.Single(Manifest()["bots"]!.AsArray())!;
        Assert.True(Guid.TryParse((string?)bot["botId"], out _));
        Assert.Equal(["personal", "team"], bot["scopes"]!.AsArray().Select(s => (string)s!));
        Assert.False((bool)bot["supportsFiles"]!);
        Assert.Equal(["identity", "messageTeamMembers"], Manifest()["permissions"]!.AsArray().Select(p => (string)p!));
        Assert.False(Manifest().ContainsKey("webApplicationInfo"));
    }

    [Theory]
    [InlineData("color", 192)]
    [InlineData("outline", 32)]
    public void Its_icons_have_the_sizes_that_Teams_wants(string icon, int size)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, (string)Manifest()["icons"]![icon]!));
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], bytes[..8]);
        Assert.Equal(size, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)));
        Assert.Equal(size, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)));
        Assert.Equal(6, bytes[25]); // With transparency: the outline is white on nothing.
    }

    [GeneratedRegex(@"^[a-z0-9.-]+$")]
    private static partial Regex Domain();
}
