using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>The local engine refuses what the Functions host and Azure Storage refuse, as they do it.</summary>
public sealed class HostLimitTests
{
    private const int Most = 16 * 1024 / 2; // characters of 16 KB of UTF-16

    [Theory]
    [InlineData('x', Most - 2, true)] // two quotes
    [InlineData('x', Most - 1, false)]
    [InlineData('\u3042', (Most - 2) / 6, true)] // six characters each, escaped
    [InlineData('\u3042', (Most - 2) / 6 + 1, false)]
    [InlineData('"', (Most - 2) / 6 + 1, false)]
    public async Task Custom_status_holds_16_KB_of_escaped_UTF_16(char letter, int count, bool taken)
    {
        await using var rig = new EngineRig(Setup.Memory).Orchestrator(
            "Say",
            async c =>
            {
                c.SetCustomStatus(new string(letter, count));
                return await c.WaitForExternalEvent<string>("go");
            }
        );
        var id = await rig.Client.ScheduleNewOrchestrationInstanceAsync("Say");
        await rig.Engine.RunUntilIdleAsync();
        var instance = (await rig.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!;
        Assert.Equal(taken ? OrchestrationRuntimeStatus.Running : OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        if (taken)
            return;
        Assert.Null(instance.FailureDetails);
        Assert.Null(instance.SerializedCustomStatus);
        Assert.Contains(
            "CustomStatus is too large: limit = 16 KB (UTF-16), actual = 16.0",
            instance.SerializedOutput,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Function 'Say' failed with an unhandled exception.",
            instance.SerializedOutput!.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_an_instance_that_the_host_fails_wanted_to_do_is_not_done_and_its_parent_hears_no_reason()
    {
        await using var rig = new EngineRig(Setup.Memory)
            .Activity<string, string>("Count", x => x)
            .Orchestrator(
                "Child",
                async c =>
                {
                    c.SetCustomStatus(new string('\u3042', Most));
                    return await c.CallActivityAsync<string>("Count", "x");
                }
            )
            .Orchestrator(
                "Parent",
                async c =>
                {
                    try
                    {
                        return await c.CallSubOrchestratorAsync<string>("Child");
                    }
                    catch (TaskFailedException e)
                    {
                        return e.FailureDetails.ErrorMessage;
                    }
                }
            );
        var id = await rig.Client.ScheduleNewOrchestrationInstanceAsync("Parent");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Null((await rig.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadOutputAs<string>());
        Assert.Empty(rig.Ran);
    }

    [Theory]
    [InlineData("@x", "must not start with @")]
    [InlineData("a/b", "must not contain /")]
    [InlineData("a?b", "must not contain /")]
    [InlineData("a\u0001b", "must not contain /")]
    public async Task An_instance_id_that_the_host_refuses_is_refused(string id, string words)
    {
        await using var rig = new EngineRig(Setup.Memory);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            rig.Client.ScheduleNewOrchestrationInstanceAsync("Any", null, new StartOrchestrationOptions(id))
        );
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_that_are_too_long_are_refused_and_the_longest_are_not()
    {
        await using var rig = new EngineRig(Setup.Memory);
        await rig.Client.ScheduleNewOrchestrationInstanceAsync("Any", null, new StartOrchestrationOptions(new string('i', 256)));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            rig.Client.ScheduleNewOrchestrationInstanceAsync("Any", null, new StartOrchestrationOptions(new string('i', 257)))
        );
        await rig.Client.Entities.SignalEntityAsync(new EntityInstanceId("e", new string('k', 512 - 3)), "op");
        await Assert.ThrowsAsync<ArgumentException>(() =>
            rig.Client.Entities.SignalEntityAsync(new EntityInstanceId("e", new string('k', 513 - 3)), "op")
        );
        // A key may not hold it, so that storage writes two characters for it.
        await Assert.ThrowsAsync<ArgumentException>(() =>
            rig.Client.Entities.SignalEntityAsync(new EntityInstanceId("e", new string('k', 511 - 3) + "/"), "op")
        );
    }
}
