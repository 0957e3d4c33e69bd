using System.Text;
using System.Text.RegularExpressions;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Health;
using IRFunctions.Local.Machine;
using IRFunctions.Policies;
using IRFunctions.Tests.Style;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Deploy;

/// <summary>Permissions as the actions name them, the table explains them and the script grants them. Azure roles: RoleTests.</summary>
public sealed partial class PermissionTests
{
    private static readonly string Table = File.ReadAllText(Path.Combine(Sources.Root, "docs", "permissions.md"));
    private static readonly string Script = File.ReadAllText(Path.Combine(Sources.Root, "scripts", "grant-graph-permissions.sh"));

    [Fact]
    public async Task The_table_and_the_script_name_what_the_actions_need() =>
        Assert.Empty(Differences(await NeededAsync(), Table, Script));

    [Fact]
    public async Task A_permission_that_only_an_action_names_is_seen()
    {
        var needed = await NeededAsync();
        needed["Mail.Send"] = ["quarantine_email"];
        Assert.Contains(Differences(needed, Table, Script), d => d.Contains("Mail.Send", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("| User.RevokeSessions.All | disable", "| User.Export.All | disable")]
    [InlineData(
        "| User.RevokeSessions.All | disable_user_account_temporarily, revoke_user_sessions |",
        "| User.RevokeSessions.All | something_else |"
    )]
    public async Task A_table_that_changed_alone_is_seen(string old, string changed) =>
        Assert.NotEmpty(Differences(await NeededAsync(), Changed(Table, old, changed), Script));

    [Theory]
    [InlineData("  User.Read.All\n", "  User.Read.All\n  User.ReadWrite.All\n")]
    [InlineData("  User.Read.All\n", "")]
    public async Task A_script_that_changed_alone_is_seen(string old, string changed) =>
        Assert.NotEmpty(Differences(await NeededAsync(), Table, Changed(Script, old, changed)));

    [Fact]
    public async Task What_a_call_to_Graph_says_it_needs_is_in_the_table()
    {
        var needed = await NeededAsync();
        var said = Sources
            .Under("functions")
            .SelectMany(f => Sources.Parse(f.Text).DescendantNodes().OfType<InvocationExpressionSyntax>())
            .Where(i => i.Expression.ToString().EndsWith("CallGraphAsync", StringComparison.Ordinal) && i.ArgumentList.Arguments.Count > 1)
            .Select(i => i.ArgumentList.Arguments[1].Expression)
            .OfType<LiteralExpressionSyntax>()
            .SelectMany(l => PermissionReport.NamesIn(l.Token.ValueText))
            .Distinct()
            .ToList();
        Assert.Contains("User.Read.All", said);
        Assert.Subset(needed.Keys.ToHashSet(), said.ToHashSet());
    }

    [Fact]
    public void Nothing_may_write_the_whole_directory()
    {
        var banned = string.Concat("Directory", ".ReadWrite.All");
        var folders = new[] { "functions", "local", "bicep", "scripts", "docs", "policies", ".github" };
        var files = folders
            .SelectMany(f => System.IO.Directory.EnumerateFiles(Path.Combine(Sources.Root, f), "*", SearchOption.AllDirectories))
            .Where(f =>
                Path.GetExtension(f) is ".cs" or ".bicep" or ".bicepparam" or ".json" or ".md" or ".yaml" or ".yml" or ".sh"
                && !f.Contains("/bin/", StringComparison.Ordinal)
                && !f.Contains("/obj/", StringComparison.Ordinal)
            );
        Assert.DoesNotContain(files, f => File.ReadAllText(f).Contains(banned, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_report_tells_what_is_missing_and_what_is_more_than_needed()
    {
        var (actions, policy) = await PipelineAsync();
        var exact = PermissionReport.Of(actions, policy, (await NeededAsync()).Keys, readsDefender: true);
        Assert.Equal("exactly what is needed", exact.Verdict);

        var off = PermissionReport.Of(
            actions,
            policy,
            exact.Held.Where(h => h != "User.RevokeSessions.All").Append("Mail.Send"),
            readsDefender: true
        );
        Assert.Equal("User.RevokeSessions.All", Assert.Single(off.Missing).Permission);
        Assert.Contains("disable_user_account_temporarily", off.Missing[0].NeededBy);
        Assert.Equal("Mail.Send", Assert.Single(off.Surplus));
        Assert.Equal("1 missing, 1 more than needed", off.Verdict);
    }

    [Fact]
    public void Roles_are_read_from_an_app_token_only()
    {
        Assert.Equal(["User.Read.All"], GrantedPermissions.InToken(Token("""{"roles":["User.Read.All"]}""")));
        Assert.Equal([], GrantedPermissions.InToken(Token("{}"))!);
        Assert.Null(GrantedPermissions.InToken(Token("""{"scp":"User.Read","roles":[]}""")));
        Assert.Null(GrantedPermissions.InToken(Token("""{"roles":7}""")));
        Assert.Null(GrantedPermissions.InToken("local-development-token"));
        Assert.Null(GrantedPermissions.InToken("a.!!!.c"));
    }

    [Theory]
    [InlineData("User.EnableDisableAccount.All, User.Read.All and Mail.ReadWrite", 3)]
    [InlineData("Application.ReadWrite.OwnedBy (as an owner of it; otherwise Application.ReadWrite.All) and Application.Read.All", 2)]
    [InlineData("the role Microsoft Sentinel Contributor on the workspace", 0)]
    public void Names_of_permissions_are_found_in_words(string text, int count) =>
        Assert.Equal(count, PermissionReport.NamesIn(text).Count);

    private static string Token(string body) =>
        $"e30.{Convert.ToBase64String(Encoding.UTF8.GetBytes(body)).TrimEnd('=').Replace('+', '-').Replace('/', '_')}.x";

    /// <summary>Of the whole catalogue, whatever the policy lets run: a table must not change with a mode.</summary>
    private static async Task<Dictionary<string, List<string>>> NeededAsync()
    {
        var (actions, _) = await PipelineAsync();
        return PermissionReport.WholeOf(actions).ToDictionary(n => n.Permission, n => n.NeededBy.ToList());
    }

    private static async Task<(ActionCatalog Actions, Policy Policy)> PipelineAsync()
    {
        var machine = await LocalMachine.CreateAsync(World.Options(TimeProvider.System));
        await using (machine)
            return (machine.Services.GetRequiredService<ActionCatalog>(), machine.Policy);
    }

    private static IEnumerable<string> Differences(Dictionary<string, List<string>> needed, string table, string script)
    {
        var rows = GraphRow()
            .Matches(Between(table, "## Microsoft Graph", "## Azure roles"))
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries).ToHashSet());
        var granted = Permission().Matches(Between(script, "permissions=(", ")")).Select(m => m.Value).ToHashSet();
        foreach (var (permission, by) in needed)
        {
            if (!rows.TryGetValue(permission, out var told))
                yield return $"{permission} is needed by {string.Join(", ", by)} and not in docs/permissions.md";
            else if (!told.SetEquals(by))
                yield return $"{permission} is needed by {string.Join(", ", by)}, docs/permissions.md says {string.Join(", ", told)}";
            if (!granted.Contains(permission))
                yield return $"{permission} is needed and not granted by the script";
        }
        foreach (var more in rows.Keys.Concat(granted).Where(p => !needed.ContainsKey(p)))
            yield return $"{more} is needed by nothing";
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Changed(string text, string old, string changed)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, changed, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\| ([A-Z][\w-]*(?:\.\w+)+) \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex GraphRow();

    [GeneratedRegex(@"[A-Z][\w-]*(?:\.\w+)+")]
    private static partial Regex Permission();
}
