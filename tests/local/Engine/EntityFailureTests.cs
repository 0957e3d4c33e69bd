using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>An operation that fails changes nothing, alone and amid others.</summary>
public class EntityFailureTests
{
    private static readonly EntityInstanceId Id = new("faulty", "f");

    [Theory, EachSetup]
    public async Task A_failure_tells_operation_entity_message_and_cause_and_the_state_stays(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Faulty>("faulty")
            .Orchestrator(
                "tries",
                async c =>
                {
                    var told = new List<string>();
                    foreach (
                        var (operation, input) in new (string, object?)[]
                        {
                            ("exists", null),
                            ("throw", null),
                            ("throwNested", null),
                            ("unwritable", null),
                            ("exists", null),
                            ("unreadable", null),
                            ("exists", null),
                            ("get", null),
                            ("delete", null),
                            ("exists", null),
                            ("set", 3),
                            ("setThenThrow", 333),
                            ("get", null),
                            ("deleteThenThrow", null),
                            ("get", null),
                            ("delete", null),
                            ("setThenThrow", 333),
                            ("exists", null),
                        }
                    )
                    {
                        try
                        {
                            told.Add($"{await c.Entities.CallEntityAsync<object?>(Id, operation, input)}");
                        }
                        catch (EntityOperationFailedException e)
                        {
                            Assert.Equal((Id, operation), (e.EntityId, e.OperationName));
                            Assert.Contains($"Operation '{operation}' of entity '@faulty@f' failed", e.Message, StringComparison.Ordinal);
                            var cause = e.FailureDetails.InnerFailure is { } inner ? $"<{inner.ErrorMessage}" : "";
                            told.Add($"{e.FailureDetails.ErrorMessage.Split(": ")[0]}{cause}");
                        }
                    }

                    return string.Join(' ', told);
                }
            );
        Assert.Equal(
            "False boom outer<boom unwritable False  True unreadable  False  boom 3 boom 3  boom False",
            (await rig.RunAsync("tries")).ReadOutputAs<string>()
        );
    }

    [Theory]
    [InlineData("set 42,setThenThrow 333,deleteThenThrow", 42)]
    [InlineData("get,set 42,delete,set 43,deleteThenThrow", 43)]
    [InlineData("set 55,unwritable", 55)]
    [InlineData("set 1,delete,set 2,delete,setThenThrow 333", null)]
    [InlineData("set 1,setThenThrow 333,set 2,deleteThenThrow,delete,set 3", 3)]
    public async Task In_a_batch_only_what_failed_is_rolled_back(string operations, int? expected)
    {
        foreach (var setup in Enum.GetValues<Setup>())
        {
            await using var rig = new EngineRig(setup);
            rig.Entity<Faulty>("faulty");
            // All are there before the entity runs first: one batch.
            foreach (var operation in operations.Split(','))
                await rig.Entities.SignalEntityAsync(
                    Id,
                    operation.Split(' ')[0],
                    operation.Contains(' ', StringComparison.Ordinal) ? int.Parse(operation.Split(' ')[1], null) : null
                );
            await rig.Engine.RunUntilIdleAsync();
            Assert.Equal(1, rig.Engine.Steps);
            Assert.Equal(expected, (await rig.Entities.GetEntityAsync<Faulty.Content>(Id))?.State.Value);
        }
    }

    [Theory]
    [InlineData("tell a,throw", "a")]
    [InlineData("throw,tell a", "a")]
    [InlineData("tellThenThrow x,tell a", "a")]
    [InlineData("tell a,tellThenThrow x,tell b,throw,throw", "ab")]
    public async Task In_a_batch_the_signals_of_what_succeeded_are_sent_and_those_of_what_failed_are_not(string operations, string expected)
    {
        foreach (var setup in Enum.GetValues<Setup>())
        {
            await using var rig = new EngineRig(setup);
            rig.Entity<Teller>("teller").Entity<EntityMessageTests.Log>("log");
            foreach (var operation in operations.Split(','))
                await rig.Entities.SignalEntityAsync(
                    new EntityInstanceId("teller", "t"),
                    operation.Split(' ')[0],
                    operation.Split(' ')[^1]
                );
            await rig.Engine.RunUntilIdleAsync();
            // One batch of the one, one of the other.
            Assert.Equal(2, rig.Engine.Steps);
            Assert.Equal(expected, (await rig.Entities.GetEntityAsync<string>(new EntityInstanceId("log", "l")))!.State);
            Assert.Equal(expected.Length, (await rig.Entities.GetEntityAsync<int>(new EntityInstanceId("teller", "t")))!.State);
        }
    }

    [Theory, EachSetup]
    public async Task An_entity_that_nobody_registered_fails_its_calls_and_swallows_signals(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("calls", async c => await c.Entities.CallEntityAsync<int>(new EntityInstanceId("nobody", "n"), "get"));
        await rig.Entities.SignalEntityAsync(new EntityInstanceId("nobody", "n"), "add", 1);
        var failed = (await rig.RunAsync("calls")).FailureDetails!;
        Assert.Contains("No entity task named 'nobody' was found.", failed.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    /// <summary>Counts what it told.</summary>
    public sealed class Teller : TaskEntity<int>
    {
        public void Tell(string word)
        {
            State++;
            Context.SignalEntity(new EntityInstanceId("log", "l"), nameof(EntityMessageTests.Log.Add), word);
        }

        public void TellThenThrow(string word)
        {
            Tell(word);
            Throw();
        }

        public void Throw() => throw new InvalidOperationException("boom");
    }

    /// <summary>Dispatches by itself, so that it can touch its state before the base class would read it.</summary>
    public sealed class Faulty : ITaskEntity
    {
        public async ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            await Task.Yield();
            switch (operation.Name)
            {
                case "exists":
                    return Exists(operation.State);
                case "get":
                    return ((Content?)operation.State.GetState(typeof(Content)))?.Value;
                case "set":
                    return Set(operation, (int)operation.GetInput(typeof(int))!);
                case "unwritable":
                    return Set(operation, Content.Unwritable);
                case "unreadable":
                    return Set(operation, Content.Unreadable);
                case "delete" or "deleteThenThrow":
                    operation.State.SetState(null);
                    break;
                case "setThenThrow":
                    Set(operation, 333);
                    break;
                case "throwNested":
                    throw new InvalidOperationException("outer", new InvalidOperationException("boom"));
            }

            return operation.Name == "delete" ? null : throw new InvalidOperationException("boom");
        }

        private static bool Exists(TaskEntityState state)
        {
            try
            {
                return state.GetState(typeof(Content)) is not null;
            }
            catch (JsonException)
            {
                return true;
            }
        }

        private static object? Set(TaskEntityOperation operation, int value)
        {
            operation.State.SetState(new Content(value));
            return null;
        }

        [JsonConverter(typeof(ContentConverter))]
        public sealed record Content(int Value)
        {
            public const int Unwritable = -1,
                Unreadable = -2;
        }

        private sealed class ContentConverter : JsonConverter<Content>
        {
            public override Content Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
                reader.GetInt32() is var value and not Content.Unreadable
                    ? new Content(value)
                    : throw new JsonException("unreadable: as asked");

            public override void Write(Utf8JsonWriter writer, Content value, JsonSerializerOptions options)
            {
                if (value.Value == Content.Unwritable)
                    throw new InvalidOperationException("unwritable: as asked");
                writer.WriteNumberValue(value.Value);
            }
        }
    }
}
