using System.Text.Json;
using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>Settings (names with two underscores): as the code reads, the sample explains and the compiled bicep sets them.</summary>
internal sealed partial record Settings(
    IReadOnlySet<string> Read,
    IReadOnlySet<string> Sample,
    IReadOnlyDictionary<string, string> Explained,
    IReadOnlySet<string> Bicep
)
{
    public const string SamplePath = "functions/local.settings.sample.json";
    private const string AzureOnly = "Azure only";
    private const string MachineOnly = "This machine only";
    private const string SetByAppService = "set by App Service itself";

    // Read by the Functions host, the Azure SDK or App Service, not by our code.
    private static readonly string[] Platform =
    [
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AZURE_CLIENT_ID",
        "AzureWebJobsDisableHomepage",
        "AzureWebJobsStorage__accountName",
        "AzureWebJobsStorage__clientId",
        "AzureWebJobsStorage__credential",
        "AzureWebJobs_AlertIntake_Disabled",
        "AzureFunctionsJobHost__extensions__durableTask__hubName",
        "AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName",
        "AzureFunctionsJobHost__extensions__durableTask__storageProvider__type",
        "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
        "FUNCTIONS_WORKER_RUNTIME",
        "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
        "ServiceBus__clientId",
        "ServiceBus__credential",
        "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
    ];

    public static Settings Of(BicepFolder bicep)
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(Sources.Root, SamplePath)));
        return new Settings(
            Sources.Under("functions").SelectMany(f => ReadBy(f.Text)).ToHashSet(),
            sample.RootElement.GetProperty("Values").EnumerateObject().Select(p => p.Name).ToHashSet(),
            Explanations(),
            bicep.Everything.AppSettings().Union(bicep.EverythingWithScheduler.AppSettings()).ToHashSet()
        );
    }

    /// <summary>What the sample says of each setting.</summary>
    public static Dictionary<string, string> Explanations()
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(Sources.Root, SamplePath)));
        return sample.RootElement.GetProperty("_explained").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
    }

    /// <summary>Names that a source file reads: indexers, Setting(...), sections, triggers.</summary>
    public static IEnumerable<string> ReadBy(string source)
    {
        foreach (Match key in Key().Matches(source))
            yield return key.Groups[1].Value.Replace(":", "__", StringComparison.Ordinal);
        foreach (Match connection in Connection().Matches(source))
            yield return $"{connection.Groups[1].Value}__fullyQualifiedNamespace";
        foreach (Match bound in Bound().Matches(source))
            yield return bound.Groups[1].Value;
        if (Section().Match(source) is not { Success: true } section)
            yield break;
        foreach (Match key in SectionKey().Matches(source))
            yield return $"{section.Groups[1].Value}__{key.Groups[1].Value}{key.Groups[2].Value}";
    }

    public IEnumerable<string> Problems()
    {
        foreach (var name in Read.Where(n => !Explained.ContainsKey(n)))
            yield return $"{name} is read by the code and not explained in {SamplePath}";
        foreach (var name in Sample.Where(n => !Explained.ContainsKey(n)))
            yield return $"{name} is in Values and not explained";
        foreach (var name in Bicep.Where(n => !Explained.ContainsKey(n)))
            yield return $"{name} is set in bicep and not explained";
        foreach (var (name, text) in Explained)
        {
            var (azure, machine) = (
                text.StartsWith(AzureOnly, StringComparison.Ordinal),
                text.StartsWith(MachineOnly, StringComparison.Ordinal)
            );
            if (string.IsNullOrWhiteSpace(text) || text.Length < 15)
                yield return $"{name} is not really explained";
            if (!Read.Contains(name) && !Platform.Contains(name))
                yield return $"{name} is explained and read by nothing";
            if (Sample.Contains(name) == azure)
                yield return azure ? $"{name} is for Azure only, yet in Values" : $"{name} is explained and not in Values";
            if (!text.Contains(SetByAppService, StringComparison.Ordinal) && Bicep.Contains(name) == machine)
                yield return machine ? $"{name} is for this machine only, yet set in bicep" : $"{name} is explained and not set in bicep";
        }
    }

    [GeneratedRegex(
        @"(?:[cC]onfiguration\[|(?:Setting|List)\(\s*\w*[cC]onfiguration,\s*|GetValue<\w+>\(|GetConnectionString\("
            + @"|ActionHttpClient\([^)]*\bSetting\s*=\s*)""([\w:]+)"""
    )]
    private static partial Regex Key();

    [GeneratedRegex(@"Connection\s*=\s*""(\w+)""")]
    private static partial Regex Connection();

    [GeneratedRegex(@"Trigger\(""%(\w+)%""")]
    private static partial Regex Bound();

    [GeneratedRegex(@"GetSection\(""(\w+)""\)")]
    private static partial Regex Section();

    [GeneratedRegex(@"section\[""(\w+)""\]|\(section, ""(\w+)""")]
    private static partial Regex SectionKey();
}
