using System.Collections;
using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Tests.Durable;

/// <summary>Everything that crosses Durable Task comes back as it was, in the worker and on this machine alike.</summary>
public sealed class PayloadJsonTests
{
    public static TheoryData<string> Names => [.. Crossing.Types.Select(t => t.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_crosses_comes_back_as_it_was_and_the_worker_writes_the_same(string name)
    {
        var type = Crossing.Types.Single(t => t.ToString() == name);
        var worker = new WorkerOptions();
        PayloadJson.Use(worker);
        foreach (var value in Filled.All(type))
        {
            var json = PayloadJson.Converter.Serialize(value)!;
            AssertSame(value, PayloadJson.Converter.Deserialize(json, type), type.Name);
            // The worker's Durable Task extension serializes by the type of the value.
            Assert.Equal(json, worker.Serializer!.Serialize(value, value.GetType(), default).ToString());
            AssertSame(
                value,
                worker.Serializer.Deserialize(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), type, default),
                type.Name
            );
            AssertSame(value, JsonElement.Parse(json).Deserialize(type, PayloadJson.Options), type.Name);
        }
    }

    [Fact]
    public void The_types_are_all_found()
    {
        Assert.Superset(
            new HashSet<Type>
            {
                typeof(IncidentAlert),
                typeof(ContainmentOrder),
                typeof(RollbackOrder),
                typeof(RegisterState),
                typeof(RollbackState),
                typeof(GlobalStopState),
                typeof(BreakerState),
                typeof(RateLimitState),
                typeof(StopOrder),
                typeof(Arrival),
                typeof(IRFunctions.Approvals.ApprovalAnswer),
                typeof(PriorState),
                typeof(IncidentStatus),
            },
            Crossing.Types.ToHashSet()
        );
    }

    [Fact]
    public void Entities_of_an_alert_keep_their_kinds_inside_a_case()
    {
        var input = Assert.IsType<IncidentAlert>(Filled.All(typeof(IncidentAlert)).Single());
        var back = PayloadJson.Converter.Deserialize<IncidentAlert>(PayloadJson.Converter.Serialize(input))!;
        Assert.Equal(input.Alert.Entities.Select(e => e.GetType()), back.Alert.Entities.Select(e => e.GetType()));
        Assert.Equal(
            typeof(Entity).GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonDerivedTypeAttribute), false).Length,
            back.Alert.Entities.Select(e => e.GetType()).Distinct().Count()
        );
    }

    private static void AssertSame(object? expected, object? actual, string path)
    {
        if (expected is null || actual is null)
        {
            Assert.True(expected is null && actual is null, $"{path}: {expected ?? "null"} came back as {actual ?? "null"}");
            return;
        }
        var type = expected.GetType();
        if (expected is not string && expected is IEnumerable many)
        {
            var (before, after) = (many.Cast<object?>().ToList(), Assert.IsAssignableFrom<IEnumerable>(actual).Cast<object?>().ToList());
            Assert.True(before.Count == after.Count, $"{path}: {before.Count} came back as {after.Count}");
            for (var i = 0; i < before.Count; i++)
                AssertSame(before[i], after[i], $"{path}[{i}]");
            return;
        }
        Assert.True(type == actual.GetType(), $"{path}: a {type.Name} came back as a {actual.GetType().Name}");
        if (
            type is { IsEnum: false, Namespace: { } home } && home.StartsWith("IRFunctions.", StringComparison.Ordinal)
            || type is { IsGenericType: true, IsValueType: true }
        )
        {
            foreach (var p in type.GetProperties().Where(p => p.GetIndexParameters().Length == 0))
                AssertSame(p.GetValue(expected), p.GetValue(actual), $"{path}.{p.Name}");
            return;
        }
        Assert.True(expected.Equals(actual), $"{path}: {expected} came back as {actual}");
    }
}
