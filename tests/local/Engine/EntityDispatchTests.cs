using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>The official base class of entities binds operations; seen from an orchestration.</summary>
public class EntityDispatchTests
{
    [Theory, EachSetup]
    public async Task Operations_bind_by_name_context_input_and_default(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Box>("box")
            .Orchestrator(
                "asks",
                async c =>
                {
                    var id = new EntityInstanceId("Box", "K");
                    var answers = new List<string>();
                    foreach (
                        var (operation, input) in new (string, object?)[]
                        {
                            ("INIT", null),
                            ("put", "x"),
                            ("Put", null),
                            ("whoami", null),
                            ("later", 3),
                            ("sooner", 4),
                            ("clear", null),
                            ("init", null),
                            ("put", 5),
                            ("twice", 1),
                            ("missing", null),
                            ("delete", null),
                            ("init", null),
                        }
                    )
                    {
                        try
                        {
                            answers.Add(await c.Entities.CallEntityAsync<string>(id, operation, input) ?? "null");
                        }
                        catch (EntityOperationFailedException e)
                        {
                            answers.Add(e.FailureDetails.ErrorType.Split('.')[^1]);
                        }
                    }

                    return string.Join(' ', answers);
                }
            );
        Assert.Equal(
            "fresh x default @box@K 3later 4sooner null fresh JsonException AmbiguousMatchException NotSupportedException null fresh",
            (await rig.RunAsync("asks")).ReadOutputAs<string>()
        );
    }

    public sealed record BoxState(string Text);

#pragma warning disable CA1822 // Operations are instance methods.
    public sealed class Box : TaskEntity<BoxState?>
    {
        public string? Init() => State?.Text;

        public string Put(string text = "default")
        {
            State = new BoxState(text);
            return State.Text;
        }

        public string WhoAmI(TaskEntityContext context) => $"{context.Id}";

        public async Task<string> Later(int n)
        {
            await Task.Yield();
            return $"{n}later";
        }

        public ValueTask<string> Sooner(int n) => new($"{n}sooner");

        public Task Clear()
        {
            State = null;
            return Task.CompletedTask;
        }

        public int Twice(int n) => n;

        public int Twice(string s) => s.Length;

        protected override BoxState? InitializeState(TaskEntityOperation entityOperation) => new("fresh");
    }
}
