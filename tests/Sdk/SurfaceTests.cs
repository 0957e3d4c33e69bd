#if AZURE_STANDIN // against the official packages there is no stand-in to compare
namespace IRFunctions.Tests.Sdk;

/// <summary>
/// A stand-in may do less than the original, never something else: what it declares must stand, letter for letter, in the lists read off
/// the official packages. Code that compiles against the stand-ins then compiles against Azure's packages.
/// </summary>
public sealed class SurfaceTests
{
    // Base types of the Graph client that its listing names but does not describe, most being in another package (Microsoft.Kiota.Abstractions).
    // Kept to what the published reference documents; nothing else may be exempt.
    private static readonly string[] DocumentedElsewhere =
    [
        "Microsoft.Graph.BaseGraphServiceClient",
        "Microsoft.Graph.Models.ApplicationCollectionResponse", // named as what ApplicationsRequestBuilder.GetAsync returns
        "Microsoft.Graph.Models.BaseCollectionPaginationCountResponse",
        "Microsoft.Graph.Models.DirectoryRole", // this, its collection and the two builders as in msgraph-sdk-dotnet, src/Microsoft.Graph/Generated at 168c8444
        "Microsoft.Graph.Models.DirectoryRoleCollectionResponse",
        "Microsoft.Graph.Models.OutlookItem",
        "Microsoft.Graph.Models.PolicyDeletableItem",
        "Microsoft.Graph.Users.Item.TransitiveMemberOf.GraphDirectoryRole.GraphDirectoryRoleRequestBuilder",
        "Microsoft.Graph.Users.Item.TransitiveMemberOf.TransitiveMemberOfRequestBuilder", // named as what UserItemRequestBuilder.TransitiveMemberOf returns
        "Microsoft.Kiota.Abstractions.ApiException",
        "Microsoft.Kiota.Abstractions.Authentication.IAuthenticationProvider",
        "Microsoft.Kiota.Abstractions.BaseRequestBuilder",
        "Microsoft.Kiota.Abstractions.DefaultQueryParameters",
        "Microsoft.Kiota.Abstractions.IRequestAdapter",
        "Microsoft.Kiota.Abstractions.RequestConfiguration<T>",
        "Microsoft.Kiota.Abstractions.RequestHeaders",
        "Microsoft.Kiota.Abstractions.RequestInformation",
    ];

    private const string Here = "IRFunctions.Tests.Sdk.SurfaceTests";

    private static readonly Lazy<HashSet<string>> Official = new(() =>
    [
        .. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "azure-sdk-surface"), "*.txt")
            .SelectMany(File.ReadAllLines)
            .Select(line => line.TrimEnd()),
    ]);

    private static Type[] StandIns => typeof(Azure.Data.Tables.TableClient).Assembly.GetExportedTypes();

    private static List<string> Unofficial(IEnumerable<Type> types) =>
        [.. Surface.Describe(types).Where(line => !Official.Value.Contains(line.TrimEnd()) && !Exempt(line))];

    private static bool Exempt(string line)
    {
        var subject = line[..line.IndexOf(" | ", StringComparison.Ordinal)];
        return DocumentedElsewhere.Any(type => subject == type || subject.StartsWith(type + ".", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_member_of_a_stand_in_is_a_member_of_the_original()
    {
        Assert.True(Official.Value.Count > 3_000, "The listings are missing from the output folder.");
        var unofficial = Unofficial(StandIns);
        Assert.True(unofficial.Count == 0, "Not in the official surface:\n" + string.Join('\n', unofficial));
    }

    [Fact]
    public void A_member_the_original_lacks_is_reported()
    {
        Assert.Equal(
            [
                $"{Here}.Fabricated | abstract class",
                $"{Here}.Fabricated.Invent<T>(out Int32 count, String text = default) | protected abstract T",
                $"{Here}.Fabricated.Made | static Nullable<Boolean> {{ get; }}",
                $"{Here}.Fabricated.ctor() | protected ",
                $"{Here}.Numbers | enum",
                $"{Here}.Numbers.One | = 1",
            ],
            Unofficial([typeof(Fabricated), typeof(Numbers)]));
    }

    [Fact]
    public void A_member_with_another_signature_than_the_originals_is_reported()
    {
        const string official = "Azure.Data.Tables.TableServiceClient.GetTableClient(String tableName) | virtual Azure.Data.Tables.TableClient";
        Assert.Contains(official, Surface.Describe(StandIns));
        Assert.Contains(official, Official.Value);
        Assert.DoesNotContain(official.Replace("tableName", "name", StringComparison.Ordinal), Official.Value);
        Assert.DoesNotContain(official.Replace("virtual ", "", StringComparison.Ordinal), Official.Value);
    }

    [Fact]
    public void Every_exemption_is_used()
    {
        var lines = Surface.Describe(StandIns);
        Assert.All(DocumentedElsewhere, type => Assert.Contains(lines, line => line.StartsWith(type, StringComparison.Ordinal)));
    }

    public enum Numbers
    {
        One = 1,
    }

    public abstract class Fabricated
    {
        public static bool? Made => null;

        protected abstract T Invent<T>(out int count, string? text = null);
    }
}
#endif
