using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using IRFunctions.Alerts;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>The queue in bicep, host.json and the trigger belong together.</summary>
[Collection(Bicep.Collection)]
public sealed partial class QueueTests(Bicep bicep)
{
    private const string Messaging = "bicep/modules/messaging.bicep";
    private const string QueueType = "Microsoft.ServiceBus/namespaces/queues";

    [Fact]
    public void The_queue_fits_the_host_and_the_trigger() => Assert.Empty(Problems(bicep.Shipped, HostJson(), TriggerSource()));

    [Theory]
    [InlineData("name: 'alerts'", "name: 'alarms'", "queue")]
    [InlineData("lockDuration: 'PT1M'", "lockDuration: 'PT6M'", "lock")]
    [InlineData("maxDeliveryCount: 60", "maxDeliveryCount: 1", "tries")]
    [InlineData("requiresDuplicateDetection: true", "requiresDuplicateDetection: false", "duplicates")]
    [InlineData("duplicateDetectionHistoryTimeWindow: 'PT1H'", "duplicateDetectionHistoryTimeWindow: 'PT30S'", "duplicates")]
    [InlineData("deadLetteringOnMessageExpiration: true", "deadLetteringOnMessageExpiration: false", "vanish")]
    [InlineData("requiresSession: false", "requiresSession: true", "session")]
    public void A_queue_that_does_not_fit_is_seen(string old, string changed, string problem) =>
        Assert.Contains(
            Problems(bicep.With(Messaging, old, changed), HostJson(), TriggerSource()),
            p => p.Contains(problem, StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("\"maxAutoLockRenewalDuration\": \"00:05:00\"", "\"maxAutoLockRenewalDuration\": \"00:00:30\"", "lock")]
    [InlineData("\"functionTimeout\": \"00:05:00\"", "\"functionTimeout\": \"00:30:00\"", "outlasts")]
    [InlineData("\"autoCompleteMessages\": false", "\"autoCompleteMessages\": true", "completes")]
    [InlineData("\"prefetchCount\": 0", "\"prefetchCount\": 100", "prefetch")]
    public void A_host_that_does_not_fit_is_seen(string old, string changed, string problem) =>
        Assert.Contains(
            Problems(bicep.Shipped, HostJson(old, changed), TriggerSource()),
            p => p.Contains(problem, StringComparison.Ordinal)
        );

    [Fact]
    public void A_trigger_on_another_queue_is_seen() =>
        Assert.NotEmpty(Problems(bicep.Shipped, HostJson(), TriggerSource().Replace("\"alerts\"", "\"other\"", StringComparison.Ordinal)));

    [Fact]
    public void The_queue_of_activity_has_sessions_as_its_trigger_and_the_local_one_have()
    {
        var queue = bicep.Shipped.Everything.Of(QueueType).Single(q => q.OwnName == LocalMachine.ActivityQueue);
        Assert.True((bool)queue["requiresSession"]!);
        Assert.True((bool)queue["deadLetteringOnMessageExpiration"]!);
        var trigger = File.ReadAllText(Path.Combine(Sources.Root, "functions", "Agents", "ActivityIntake.cs"));
        Assert.Contains($"ServiceBusTrigger(\"{LocalMachine.ActivityQueue}\"", trigger, StringComparison.Ordinal);
        Assert.Contains("IsSessionsEnabled = true", trigger, StringComparison.Ordinal);
    }

    [Fact]
    public void The_local_host_understands_host_json() =>
        Assert.Equal(16, HostSettings.Read(Path.Combine(Sources.Root, "functions", "host.json")).MaxConcurrentCalls);

    /// <summary>
    /// Work in flight when its host dies waits as long; less than 30 seconds leaves renewals, every 5 seconds at most, too little room.
    /// </summary>
    [Fact]
    public void Durable_work_in_flight_is_taken_again_30_seconds_after_its_host_died()
    {
        var durable = HostSettings.Read(Path.Combine(Sources.Root, "functions", "host.json")).Durable;
        Assert.Equal(
            (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)),
            (durable.ControlQueueVisibilityTimeout, durable.WorkItemQueueVisibilityTimeout)
        );
        Assert.Equal("irfunctions", durable.HubName);
    }

    [Fact]
    public void The_local_queue_keeps_what_expires_as_the_deployed_one_does() =>
        Assert.True(new LocalQueueOptions().DeadLetterOnExpiration);

    [Fact]
    public void A_message_that_the_parser_takes_fits_the_premium_queue() =>
        Assert.True(AlertLimits.MaxBytes <= LocalQueueOptions.LargestAllowedMessage);

    private static IEnumerable<string> Problems(BicepFolder folder, JsonNode host, string trigger)
    {
        var queue = folder.Everything.Of(QueueType).First();
        var bus = host["extensions"]!["serviceBus"]!;
        var renewal = TimeSpan.Parse((string)bus["maxAutoLockRenewalDuration"]!);
        var timeout = TimeSpan.Parse((string)host["functionTimeout"]!);
        string Property(string name) => queue[name]!.ToString();
        string[] names = [TriggerQueue().Match(trigger).Groups[1].Value, LocalMachine.AlertsQueue];
        if (names.Any(n => n != queue.OwnName))
            yield return "the trigger, the local machine and bicep name a different queue";
        var held = XmlConvert.ToTimeSpan(Property("lockDuration"));
        if (held > TimeSpan.FromMinutes(5))
            yield return "the lock is longer than the 5 minutes that Service Bus allows";
        if (renewal < held)
            yield return "the lock is not renewed";
        if (timeout > renewal)
            yield return "a function outlasts the lock of its message";
        if ((bool)bus["autoCompleteMessages"]!)
            yield return "the host completes messages that AlertIntake completes itself";
        if ((int)bus["prefetchCount"]! > 0)
            yield return "prefetch: the locks of messages that wait in memory run out";
        if (int.Parse(Property("maxDeliveryCount")) is < 5 or > 100)
            yield return "too few tries to outlive an outage, or too many to notice a bad message";
        if (
            Property("requiresDuplicateDetection") != "true"
            || XmlConvert.ToTimeSpan(Property("duplicateDetectionHistoryTimeWindow")) < TimeSpan.FromMinutes(10)
        )
            yield return "duplicates of a playbook that sends again get through";
        if (Property("deadLetteringOnMessageExpiration") != "true")
            yield return "expired alerts vanish (S10)";
        if (Property("requiresSession") != "false")
            yield return "AlertIntake takes no session";
    }

    private static JsonNode HostJson(string old = "", string changed = "")
    {
        var text = File.ReadAllText(Path.Combine(Sources.Root, "functions", "host.json"));
        Assert.Contains(old, text, StringComparison.Ordinal);
        return JsonNode.Parse(old.Length == 0 ? text : text.Replace(old, changed, StringComparison.Ordinal))!;
    }

    private static string TriggerSource() => File.ReadAllText(Path.Combine(Sources.Root, "functions", "Incidents", "AlertIntake.cs"));

    [GeneratedRegex(@"ServiceBusTrigger\(""(\w+)""")]
    private static partial Regex TriggerQueue();
}
