using System.CommandLine;
using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `policy check | test | explain | diff`. Exit codes: 0 all is well (diff: nothing changes), 1 the policy has errors, cases differ or
/// decisions change, 2 something could not be read.
/// </summary>
public static class PolicyCommands
{
    private const int Fine = 0;
    private const int Different = 1;
    private const int Unreadable = 2;

    /// <param name="catalogue">What the code can do.</param>
    /// <param name="assess">The assessment of an alert where no file gives one; the rule-based classifier.</param>
    /// <param name="time">The clock that decides what has expired.</param>
    public static Command Create(IReadOnlyList<ActionCapability> catalogue, Func<Alert, AlertAssessment> assess, TimeProvider time)
    {
        var session = new Session(catalogue, assess, time);
        return new Command("policy", "Check, test, explain and compare the written policy")
        {
            CheckCommand(session),
            TestCommand(session),
            ExplainCommand(session),
            DiffCommand(session),
        };
    }

    private static Command CheckCommand(Session session)
    {
        var folder = FolderArgument();
        var command = new Command("check", "Load the policy and print every error with its place") { folder };
        command.SetAction(result =>
            Guarded(
                result,
                () =>
                {
                    if (session.Load(result.GetValue(folder)!, result) is not { } policy)
                        return Different;
                    var counts =
                        $"{policy.Actions.Count} actions, {policy.Protected.Count} registrations, {policy.Exceptions.Count} exceptions";
                    Write(result, $"the policy is good: {counts}, hash {policy.Hash}");
                    foreach (var expiry in policy.EndingSoon(session.Now, TimeSpan.FromDays(14)))
                        Write(
                            result,
                            $"ends on {expiry.Ends:yyyy-MM-dd}: {expiry.What} {expiry.Name}, tell {expiry.Owner} {expiry.Ticket}"
                        );
                    return Fine;
                }
            )
        );
        return command;
    }

    private static Command TestCommand(Session session)
    {
        var folder = FolderArgument();
        var command = new Command("test", "Run the cases beside the policy and print the differences") { folder };
        command.SetAction(result =>
            Guarded(
                result,
                () =>
                {
                    if (session.Load(result.GetValue(folder)!, result) is not { } policy)
                        return Different;
                    var results = PolicyCases.Run(PolicyFolder.ReadCases(result.GetValue(folder)!), policy);
                    var failed = results.Where(one => one.Differences.Count > 0).ToArray();
                    foreach (var one in failed)
                    {
                        foreach (var difference in one.Differences)
                            Write(result, $"{one.File}:{one.Line} {one.Name}: {difference}");
                    }
                    Write(result, $"{results.Count} case(s), {failed.Length} failed");
                    return failed.Length == 0 && results.Count > 0 ? Fine : Different;
                }
            )
        );
        return command;
    }

    private static Command ExplainCommand(Session session)
    {
        var alertFile = new Argument<string>("alert") { Description = "File with one alert in any of the known shapes" };
        var folder = new Option<string>("--policy") { Description = "Folder of the policy", DefaultValueFactory = _ => DefaultFolder };
        var assessmentFile = new Option<string?>("--assessment") { Description = "File with an assessment; otherwise the rules assess" };
        var factsFile = new Option<string?>("--facts") { Description = "File with facts; otherwise nothing is known" };
        var json = new Option<bool>("--json") { Description = "Print the decisions as JSON" };
        var command = new Command("explain", "Print what would happen to an alert, and why")
        {
            alertFile,
            folder,
            assessmentFile,
            factsFile,
            json,
        };
        command.SetAction(result =>
            Guarded(
                result,
                () =>
                {
                    if (session.Load(result.GetValue(folder)!, result) is not { } policy)
                        return Different;
                    var reading = AlertParser.Read(File.ReadAllBytes(result.GetValue(alertFile)!));
                    if (!reading.IsAlert)
                        return Complain(result, $"this is no alert: {reading.Explanation}");
                    var assessment = ReadJson<AlertAssessment>(result.GetValue(assessmentFile)) ?? session.Assess(reading.Alert);
                    var facts = ReadJson<Facts>(result.GetValue(factsFile)) ?? new Facts { Now = session.Now };
                    var decisions = Decider.Decide(reading.Alert, assessment, facts, policy);
                    Write(
                        result,
                        result.GetValue(json)
                            ? JsonSerializer.Serialize(decisions, PolicyJson.Options)
                            : PolicyExplanation.Tree(reading.Alert, assessment, decisions, policy).TrimEnd('\n')
                    );
                    return Fine;
                }
            )
        );
        return command;
    }

    private static Command DiffCommand(Session session)
    {
        var old = new Argument<string>("old") { Description = "Folder of the old policy" };
        var @new = new Argument<string>("new") { Description = "Folder of the new policy" };
        var alertsFile = new Option<string>("--alerts") { Description = "File with one alert on each line", Required = true };
        var html = new Option<string?>("--html") { Description = "Write the page here as well" };
        var identity = new Option<IdentityType>("--identity")
        {
            Description = "What accounts and applications are taken for",
            DefaultValueFactory = _ => IdentityType.Person,
        };
        var command = new Command("diff", "Print which decisions change between two policies on the same alerts")
        {
            old,
            @new,
            alertsFile,
            html,
            identity,
        };
        command.SetAction(result =>
            Guarded(
                result,
                () =>
                {
                    var before = session.Load(result.GetValue(old)!, result);
                    var after = session.Load(result.GetValue(@new)!, result);
                    if (before is null || after is null)
                        return Different;
                    if (ReadAlerts(result.GetValue(alertsFile)!, result) is not { } alerts)
                        return Unreadable;
                    var diff = PolicyDiff.Of(before, after, alerts, session.Assess, result.GetValue(identity), session.Now);
                    Write(result, diff.Text().TrimEnd('\n'));
                    if (result.GetValue(html) is { } path)
                        File.WriteAllText(path, PolicyDiffPage.Html(diff));
                    return diff.Changes.Count == 0 ? Fine : Different;
                }
            )
        );
        return command;
    }

    /// <summary>Every alert of the file, or null after complaining: leaving one out would make a change look safer than it is.</summary>
    private static List<Alert>? ReadAlerts(string path, ParseResult result)
    {
        var alerts = new List<Alert>();
        var clean = true;
        foreach (var (line, index) in File.ReadLines(path).Select((line, index) => (line, index)).Where(pair => pair.line.Length > 0))
        {
            var reading = AlertParser.Read(System.Text.Encoding.UTF8.GetBytes(line));
            if (reading.IsAlert)
                alerts.Add(reading.Alert);
            else
                clean = Complain(result, $"{Path.GetFileName(path)}:{index + 1} is no alert: {reading.Explanation}") == Fine;
        }

        return clean ? alerts : null;
    }

    private static T? ReadJson<T>(string? path)
        where T : class =>
        path is null
            ? null
            : JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), PolicyJson.Options) ?? throw new JsonException("the file says null");

    private static Argument<string> FolderArgument() =>
        new("dir") { Description = "Folder of the policy", DefaultValueFactory = _ => DefaultFolder };

    private static string DefaultFolder =>
        System.IO.Directory.Exists("policies") ? "policies" : Path.Combine(AppContext.BaseDirectory, "policies");

    private static int Guarded(ParseResult result, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return Complain(result, exception.Message);
        }
    }

    private static int Complain(ParseResult result, string text)
    {
        result.InvocationConfiguration.Error.WriteLine(text);
        return Unreadable;
    }

    private static void Write(ParseResult result, string text) => result.InvocationConfiguration.Output.WriteLine(text);

    /// <summary>What the main program gives to every command.</summary>
    private sealed record Session(IReadOnlyList<ActionCapability> Catalogue, Func<Alert, AlertAssessment> Assess, TimeProvider Time)
    {
        public DateTimeOffset Now => Time.GetUtcNow();

        public Policy? Load(string folder, ParseResult result)
        {
            var reading = PolicyLoader.Load(PolicyFolder.Read(folder), Catalogue, Now);
            foreach (var error in reading.Errors)
                Write(result, $"{error with { File = Path.Combine(folder, error.File) }}");
            return reading.Policy;
        }
    }
}
