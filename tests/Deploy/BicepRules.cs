using System.Globalization;
using System.Text.RegularExpressions;

namespace IRFunctions.Tests.Deploy;

/// <summary>What can be said about bicep without its compiler. Each rule returns what is wrong, in words; nothing where all is well.</summary>
internal static partial class BicepRules
{
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    private static readonly Dictionary<string, (int Least, int Most, string Form)> NameRules = new(StringComparer.Ordinal)
    {
        ["app"] = (2, 60, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"), ["bot"] = (2, 64, "^[a-z0-9][a-z0-9-]*$"), ["bus"] = (6, 50, "^[a-z][a-z0-9-]*[a-z0-9]$"),
        ["identity"] = (3, 128, "^[a-z0-9][a-z0-9-]*$"), ["logs"] = (4, 63, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"), ["model"] = (2, 64, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        ["network"] = (2, 64, "^[a-z0-9][a-z0-9-]*[a-z0-9]$"), ["playbook"] = (1, 43, "^[a-z0-9-]+$"), ["record"] = (3, 24, "^[a-z0-9]+$"), ["runtime"] = (3, 24, "^[a-z0-9]+$"),
        ["scheduler"] = (3, 64, "^[a-z][a-z0-9-]*[a-z0-9]$"), ["vault"] = (3, 24, "^[a-z][a-z0-9-]*[a-z0-9]$"),
    };

    public static IEnumerable<string> SyntaxErrors(IEnumerable<BicepFile> files) => files.SelectMany(f => f.Errors.Select(e => $"{f.Path} {e}"));

    public static IEnumerable<string> UnusedModules(IReadOnlyDictionary<string, BicepFile> files)
    {
        var used = files.Values.SelectMany(f => f.Modules.Select(m => Resolve(f, m.Path))).Concat(files.Values.Where(f => f.Using is not null).Select(f => Resolve(f, f.Using!))).ToHashSet();
        return files.Keys.Where(p => p.EndsWith(".bicep", StringComparison.Ordinal) && !used.Contains(p)).Select(p => $"{p} is used by nothing")
            .Concat(used.Where(u => !files.ContainsKey(u)).Select(u => $"{u} does not exist"));
    }

    public static IEnumerable<string> Undescribed(IEnumerable<BicepFile> files) =>
        files.Where(f => f.Using is null).SelectMany(f => f.Params.Where(p => string.IsNullOrWhiteSpace(p.Decorator("description")?.Text)).Select(p => $"{f.Path}: {p.Name} has no description"));

    /// <summary>A name that is declared and never used: a change that was made on one side only.</summary>
    public static IEnumerable<string> UnusedNames(IEnumerable<BicepFile> files) =>
        from f in files.Where(f => f.Using is null)
        from name in f.Params.Select(p => p.Name).Concat(f.Vars.Select(v => v.Name))
        where Regex.Count(WithoutComments(f.Source), $@"(?<![\w.'])\b{name}\b(?!:\s\S)") + Regex.Count(f.Source, $@"\bin {name}:") < 2 // "name: value" is a property, "in name: {{" a loop
        select $"{f.Path}: {name} is never used";

    /// <summary>What a module is given against what it asks for, and what is read from it against what it returns.</summary>
    public static IEnumerable<string> ModuleCalls(IReadOnlyDictionary<string, BicepFile> files)
    {
        foreach (var file in files.Values)
        {
            foreach (var call in file.Modules)
            {
                if (!files.TryGetValue(Resolve(file, call.Path), out var module)) continue; // UnusedModules says so
                var given = call.Body["params"]?.Fields.Select(f => f.Key).ToList() ?? [];
                foreach (var missing in module.Params.Where(p => p.Value is null && !given.Contains(p.Name))) yield return $"{file.Path}: {call.Symbol} is not given {missing.Name}";
                foreach (var unknown in given.Where(g => module.Params.All(p => p.Name != g))) yield return $"{file.Path}: {call.Symbol} is given {unknown}, which {call.Path} does not have";
                foreach (Match read in Regex.Matches(file.Source, $@"\b{call.Symbol}!?\.outputs\.(\w+)"))
                {
                    if (module.Outputs.All(o => o.Name != read.Groups[1].Value)) yield return $"{file.Path}: {call.Path} has no output {read.Groups[1].Value}";
                }
            }
        }
    }

    /// <summary>A bicepparam names parameters that exist, gives those without a default, and stays within what is allowed.</summary>
    public static IEnumerable<string> Samples(IReadOnlyDictionary<string, BicepFile> files)
    {
        foreach (var sample in files.Values.Where(f => f.Using is not null))
        {
            var main = files[Resolve(sample, sample.Using!)];
            foreach (var missing in main.Params.Where(p => p.Value is null && sample.Vars.All(v => v.Name != p.Name))) yield return $"{sample.Path} does not give {missing.Name}";
            foreach (var value in sample.Vars)
            {
                if (main.Params.FirstOrDefault(p => p.Name == value.Name) is not { } param) yield return $"{sample.Path}: there is no parameter {value.Name}";
                else if (param.Decorator("allowed") is { } allowed && allowed.Items.All(i => i.Text != value.Value.Text)) yield return $"{sample.Path}: {value.Name} may not be {value.Value.Text}";
                else if (Outside(param, value.Value)) yield return $"{sample.Path}: {value.Name} is out of range";
            }
        }
    }

    /// <summary>Every name, at its shortest and at its longest, is one that Azure takes.</summary>
    public static IEnumerable<string> Names(BicepFile main)
    {
        var prefix = main.Params.Single(p => p.Name == "prefix");
        var (least, most) = (Number(prefix.Decorator("minLength")!), Number(prefix.Decorator("maxLength")!));
        foreach (var name in main.Vars.Single(v => v.Name == "names").Value.Fields)
        {
            if (!NameRules.TryGetValue(name.Key, out var rule)) { yield return $"{name.Key}: no rule for this name"; continue; }
            foreach (var length in (int[])[least, most])
            {
                var text = name.Value.Text.Replace("${prefix}", new string('a', length), StringComparison.Ordinal).Replace("${suffix}", "z9z9z9", StringComparison.Ordinal)
                    .Replace("${release}", length == least ? "" : "next", StringComparison.Ordinal);
                if (text.Length < rule.Least || text.Length > rule.Most || !Regex.IsMatch(text, rule.Form)) yield return $"{name.Key}: {text} is not {rule.Least} to {rule.Most} characters like {rule.Form}";
            }
        }
    }

    /// <summary>Keys are switched off where that can be done, and nothing reads one.</summary>
    public static IEnumerable<string> Keys(IEnumerable<BicepFile> files)
    {
        (string Type, string Property, string Value)[] off =
        [
            ("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess", "false"), ("Microsoft.Storage/storageAccounts", "allowBlobPublicAccess", "false"),
            ("Microsoft.ServiceBus/namespaces", "disableLocalAuth", "true"), ("Microsoft.CognitiveServices/accounts", "disableLocalAuth", "true"),
            ("Microsoft.BotService/botServices", "disableLocalAuth", "true"), ("Microsoft.Insights/components", "DisableLocalAuth", "true"), ("Microsoft.KeyVault/vaults", "enableRbacAuthorization", "true"),
            ("Microsoft.KeyVault/vaults", "enablePurgeProtection", "true"),
        ];
        foreach (var file in files)
        {
            // Defender for Cloud calls a Logic App by an address with a signature and in no other way.
            foreach (var call in file.Calls.Where(c => c.StartsWith("list", StringComparison.Ordinal) && !(c == "listCallbackUrl" && file.Name == "playbook.bicep"))) yield return $"{file.Path} calls {call}";
            foreach (var resource in file.Resources.Where(r => !r.Existing))
            {
                foreach (var rule in off.Where(o => o.Type == resource.Type && resource.Body["properties"]?[o.Property]?.Text != o.Value)) yield return $"{file.Path}: {resource.Symbol} does not set {rule.Property} to {rule.Value}";
            }
        }
    }

    /// <summary>What has a location takes tags, except channels of the bot.</summary>
    public static IEnumerable<string> Untagged(IEnumerable<BicepFile> files) =>
        from f in files from r in f.Resources
        where !r.Existing && r.Body["location"] is not null && r.Body["tags"] is null && r.Type != "Microsoft.BotService/botServices/channels"
        select $"{f.Path}: {r.Symbol} has no tags";

    private static bool Outside(BicepParam param, BicepValue value) =>
        (value.Kind == "number" && (param.Decorator("minValue") is { } least && Number(value) < Number(least) || param.Decorator("maxValue") is { } most && Number(value) > Number(most)))
        || (value.Kind == "string" && (param.Decorator("minLength") is { } shortest && value.Text.Length < Number(shortest) || param.Decorator("maxLength") is { } longest && value.Text.Length > Number(longest)));

    private static int Number(BicepValue value) => int.Parse(value.Text, CultureInfo.InvariantCulture);

    private static string Resolve(BicepFile from, string path) =>
        Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(from.Path)!, path))).Replace('\\', '/');

    private static string WithoutComments(string source) => Comment().Replace(source, "");

    [GeneratedRegex(@"(?<=^|\s)//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
