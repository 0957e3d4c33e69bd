using System.CommandLine;
using System.Text.Json;
using IRFunctions.Decisions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class PolicyCommandTests
{
    private static readonly AlertAssessment Watch = new()
    {
        Verdict = Verdict.TruePositive,
        Confidence = 90,
        Reasoning = "",
        By = AssessedBy.Rules,
        Recommendations = [new("add_ip_to_watchlist", "e1", 90, ""), new("disable_user_account_temporarily", "e2", 90, "")],
    };

    [Fact]
    public void Every_case_beside_the_shipped_policy_passes()
    {
        var results = PolicyCases.Run(PolicyFolder.ReadCases(Shipped.Folder), Shipped.Policy);
        Assert.All(
            results,
            result =>
                Assert.True(
                    result.Differences.Count == 0,
                    $"{result.File}:{result.Line} {result.Name}\n{string.Join('\n', result.Differences)}"
                )
        );
        Assert.True(results.Count >= 40, $"{results.Count} cases");
    }

    [Fact]
    public void A_wrong_expectation_is_shown_with_its_place()
    {
        var file = new PolicyFile(
            "wrong.cases.yaml",
            "cases:\n  - name: wrong\n    alert: { severity: low }\n    expect:\n      - { action: create_alert_ticket, kind: ask "
                + "}\n      - { action: missing, kind: run }\n"
        );
        var result = Assert.Single(PolicyCases.Run([file], Shipped.Policy));
        Assert.Equal(2, result.Line);
        Assert.Equal(2, result.Differences.Count);
    }

    [Theory]
    [InlineData("alert: { severity: terrible }", "severity")]
    [InlineData("alert: { entities: [{ id: e1, kind: gadget }] }", "gadget")]
    [InlineData("facts: { nau: never }", "nau")]
    public void A_case_that_cannot_be_read_fails(string line, string named)
    {
        var file = new PolicyFile("bad.cases.yaml", $"cases:\n  - name: bad\n    {line}\n    expect: []\n");
        var result = Assert.Single(PolicyCases.Run([file], Shipped.Policy));
        Assert.Contains(named, string.Join('\n', result.Differences), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Check_says_what_is_wrong_and_fails()
    {
        Assert.Equal(0, Run("check", Shipped.Folder).Code);
        using var broken = new Folder(Shipped.Changed(Shipped.Files, "actions.yaml", "tier: 2", "teir: 2"));
        var (code, text) = Run("check", broken.Path);
        Assert.Equal(1, code);
        Assert.Contains("did you mean tier?", text, StringComparison.Ordinal);
        Assert.Equal(2, Run("check", "no-such-folder").Code);
    }

    [Fact]
    public void Test_passes_for_the_shipped_policy() => Assert.Equal(0, Run("test", Shipped.Folder).Code);

    [Fact]
    public void Test_fails_when_the_policy_changes_what_a_case_expects()
    {
        using var changed = new Folder([
            .. Shipped.Changed(Shipped.Files, "actions.yaml", "act_floor: 80", "act_floor: 70"),
            .. PolicyFolder.ReadCases(Shipped.Folder),
        ]);
        var (code, text) = Run("test", changed.Path);
        Assert.Equal(1, code);
        Assert.Contains("too little confidence to act alone asks a person", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_prints_a_tree_or_json()
    {
        using var folder = new Folder([new("alert.json", RealAlerts.Line("alerts_v2_get.json"))]);
        var alert = Path.Combine(folder.Path, "alert.json");
        var (code, tree) = Run("explain", alert, "--policy", Shipped.Folder);
        Assert.Equal(0, code);
        Assert.Contains("|- ", tree, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Run("explain", alert, "--policy", Shipped.Folder, "--json").Text);
        Assert.NotEqual(0, json.RootElement.GetArrayLength());
        Assert.Equal(2, Run("explain", "no-such-file.json", "--policy", Shipped.Folder).Code);
    }

    [Fact]
    public void Diff_shows_what_changes_as_text_and_page()
    {
        using var changed = new Folder(Shipped.Changed(Shipped.Files, "actions.yaml", "max_duration: 2 h", "max_duration: 1 h"));
        using var alerts = new Folder([new("alerts.jsonl", RealAlerts.Line("alerts_v2_get.json") + "\n" + HostileAlert)]);
        var file = Path.Combine(alerts.Path, "alerts.jsonl");
        var page = Path.Combine(alerts.Path, "page.html");
        Assert.Equal(0, Run("diff", Shipped.Folder, Shipped.Folder, "--alerts", file).Code);
        var (code, text) = Run("diff", Shipped.Folder, changed.Path, "--alerts", file, "--html", page);
        Assert.Equal(1, code);
        Assert.Contains("ask 1 person within 15 min for 2 h -> ask 1 person within 15 min for 1 h", text, StringComparison.Ordinal);
        var html = File.ReadAllText(page);
        Assert.Contains("for 1 h", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Diff_shows_a_change_in_what_may_run_alone()
    {
        using var changed = new Folder(Shipped.Changed(Shipped.Files, "actions.yaml", "act_floor: 80", "act_floor: 95"));
        using var alerts = new Folder([new("alerts.jsonl", HostileAlert)]);
        var (code, text) = Run("diff", Shipped.Folder, changed.Path, "--alerts", Path.Combine(alerts.Path, "alerts.jsonl"));
        Assert.Equal(1, code);
        Assert.Contains("run for 72 h -> ask 1 person within 15 min for 72 h", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_does_not_pass_over_a_line_that_is_no_alert()
    {
        using var alerts = new Folder([new("alerts.jsonl", HostileAlert + "\n{}\n")]);
        var (code, text) = Run("diff", Shipped.Folder, Shipped.Folder, "--alerts", Path.Combine(alerts.Path, "alerts.jsonl"));
        Assert.Equal(2, code);
        Assert.Contains("alerts.jsonl:2 is no alert", text, StringComparison.Ordinal);
    }

    private const string HostileAlert =
        """{"@odata.type":"#microsoft.graph.security.alert","id":"h1","tenantId":"00000000-0000-4000-8000-00000000000f", """
        + """ "title":"<script>alert(1)</script>","severity":"high","evidence":[ """
        + """{"@odata.type":"#microsoft.graph.security.ipEvidence","ipAddress":"203.0.113.9"},"""
        + """{"@odata.type":"#microsoft.graph.security.userEvidence", """
        + """ "userAccount":{"azureAdUserId":"00000000-0000-4000-8000-000000000101","accountName":"a"}}]}""";

    private static (int Code, string Text) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        var root = new RootCommand { PolicyCommands.Create(Shipped.Catalogue, _ => Watch, TimeProvider.System) };
        var code = root.Parse(["policy", .. arguments]).Invoke(new InvocationConfiguration { Output = output, Error = output });
        return (code, output.ToString());
    }

    private sealed class Folder : IDisposable
    {
        public Folder(IEnumerable<PolicyFile> files)
        {
            foreach (var file in files)
                File.WriteAllText(System.IO.Path.Combine(Path, file.Name), file.Text);
        }

        public string Path { get; } = System.IO.Directory.CreateTempSubdirectory("irfunctions-policy-").FullName;

        public void Dispose() => System.IO.Directory.Delete(Path, recursive: true);
    }
}
