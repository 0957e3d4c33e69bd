using System.Globalization;
using System.Security.Claims;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Core;
using IRFunctions.Alerts;
using IRFunctions.Health;
using IRFunctions.Local.Machine;
using IRFunctions.Record;
using IRFunctions.Tests.Style;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Deploy;

/// <summary>
/// What the deployed parts lean on at run time: the lines that are alerted on, check-permissions, the shape Defender for Cloud sends; and
/// the sums of the costs.
/// </summary>
public sealed partial class RuntimeTests
{
    [Fact]
    public async Task A_heartbeat_is_written_while_the_record_and_the_durable_state_can_be_read()
    {
        await using var machine = await NewMachineAsync();
        var log = new Lines<Heartbeat>();
        await ActivatorUtilities
            .CreateInstance<Heartbeat>(machine.Services, log)
            .RunAsync(new TimerInfo(), machine.Client, CancellationToken.None);
        Assert.StartsWith("heartbeat: policy ", Assert.Single(log.Written), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_recorded_is_logged_by_kind_and_without_its_text()
    {
        await using var machine = await NewMachineAsync();
        var log = new Lines<RecordLog>();
        var watcher = new RecordLog(machine.Audit, log);
        await watcher.StartAsync(CancellationToken.None);
        await machine.Audit.AppendAsync(
            "incident-x",
            [new AuditFact("f1", AuditKinds.RollbackFailed, "Adele's account stays disabled", "pipeline")]
        );
        await watcher.StopAsync(CancellationToken.None);
        await machine.Audit.AppendAsync("incident-x", [new AuditFact("f2", AuditKinds.Undone, "later", "pipeline")]);
        Assert.Equal("record: rollback-failed incident-x 1", Assert.Single(log.Written));
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("00000000-0000-4000-8000-0000000000a2", 403)]
    [InlineData("00000000-0000-4000-8000-0000000000b1", 200)]
    public async Task Permissions_are_told_to_responders_only(string? person, int status)
    {
        await using var machine = await NewMachineAsync();
        var api = ActivatorUtilities.CreateInstance<PermissionsApi>(
            machine.Services,
            new AppToken("""{"roles":["User.Read.All","Mail.Send"]}""")
        );
        var http = new DefaultHttpContext();
        if (person is not null)
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("oid", person)], "test"));
        var answer = Assert.IsAssignableFrom<ObjectResult>(await api.GetAsync(http.Request, CancellationToken.None));
        Assert.Equal(status, answer.StatusCode);
        if (status == 200)
            Assert.Contains("12 missing, 1 more than needed", answer.Value!.ToString(), StringComparison.Ordinal);
    }

    /// <summary>
    /// Fields of the published SecurityAlert schema of Defender for Cloud's workflow automation, with its own example values.
    /// </summary>
    [Fact]
    public void What_Defender_for_Cloud_sends_reads_as_an_alert()
    {
        const string body = """
            {"VendorName":"Microsoft","AlertType":"SUSPECT_SVCHOST","StartTimeUtc":"2016-12-20T13:38:00.000Z",
            "EndTimeUtc":"2019-12-20T13:40:01.733Z","ProcessingEndTime":"2019-09-16T12:10:19.5673533Z",
             "TimeGenerated":"2016-12-20T13:38:03.000Z","IsIncident":false,"Severity":"High","Status":"New",
             "ProductName":"Azure Security Center","SystemAlertId":"2342409243234234_F2BFED55-5997-4FEA-95BD-BB7C6DDCD061",
             "CompromisedEntity":"vm1","Intent":"Execution","AlertDisplayName":"Suspicious process detected",
             "Description":"A process ran.","Entities":[{"$id":"1","Address":"203.0.113.9","Type":"ip"}]}
            """;
        var reading = AlertParser.Read(Encoding.UTF8.GetBytes(body));
        Assert.True(reading.Alert is not null, reading.Explanation);
        Assert.Contains(reading.Alert.Entities, e => e.ToString().Contains("203.0.113.9", StringComparison.Ordinal));
    }

    [Fact]
    public void The_sums_of_the_costs_are_right() => Assert.Empty(WrongSums(Costs()));

    [Theory]
    [InlineData("| 6.00 | 600 |", "| 7.00 | 600 |")]
    [InlineData("| 677.00 |", "| 700.00 |")]
    [InlineData("| 0.16 | 16 |", "| 0.16 | 17 |")]
    public void A_wrong_sum_is_seen(string old, string changed)
    {
        Assert.Contains(old, Costs(), StringComparison.Ordinal);
        Assert.NotEmpty(WrongSums(Costs().Replace(old, changed, StringComparison.Ordinal)));
    }

    /// <summary>Each table ends in a row of sums, in bold; a million alerts cost a hundred times ten thousand.</summary>
    private static IEnumerable<string> WrongSums(string costs)
    {
        decimal first = 0,
            second = 0;
        var sums = 0;
        foreach (Match row in Row().Matches(costs))
        {
            var (a, b) = (
                decimal.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture),
                decimal.Parse(row.Groups[3].Value, CultureInfo.InvariantCulture)
            );
            var perAlert = sums == 0;
            if (perAlert && b != Math.Round(a * 100))
                yield return $"{row.Groups[1].Value}: {b} is not a hundred times {a}";
            if (!row.Groups[1].Value.StartsWith("**", StringComparison.Ordinal))
            {
                first += a;
                second += b;
                continue;
            }
            if (first != a || second != b)
                yield return $"{row.Groups[1].Value}: {first} and {second}, not {a} and {b}";
            (first, second) = (0, 0);
            sums++;
        }
        if (sums != 2)
            yield return $"{sums} rows of sums instead of 2";
    }

    private static string Costs() => File.ReadAllText(Path.Combine(Sources.Root, "docs", "costs.md"));

    private static Task<LocalMachine> NewMachineAsync() => LocalMachine.CreateAsync(World.Options(TimeProvider.System));

    // Rows of the two sums tables: a name and two amounts, in bold or not.
    [GeneratedRegex(@"^\| ([^|]+) \| \**(\d[\d,]*\.\d\d)\** \| \**(\d[\d,]*(?:\.\d\d)?)\** \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    private sealed class AppToken(string claims) : TokenCredential
    {
        private readonly AccessToken token = new(
            $"e30.{Convert.ToBase64String(Encoding.UTF8.GetBytes(claims)).TrimEnd('=')}.x",
            DateTimeOffset.MaxValue
        );

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => token;

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(token);
    }

    private sealed class Lines<T> : ILogger<T>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Written.Add(formatter(state, exception));
    }
}
