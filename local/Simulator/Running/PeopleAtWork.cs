using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>People who look at the lists of the API and answer through it.</summary>
internal sealed class PeopleAtWork(SimulatedWorld world, Checker checker, Action<string> note)
{
    public async Task AnswerAsync(PersonItem item)
    {
        world.Trouble.Count("people");
        var person = Cast.Person(item.Who);
        if (item.Verb <= PersonVerb.Withdraw)
            await VoteAsync(item, person);
        else
            await ChangeAsync(item, person);
    }

    public async Task StopAsync(bool engage, string who)
    {
        var (status, _) = await world.CallAsync(engage ? "PutStop" : "DeleteStop", Cast.Person(who).Id, new { reason = "simulated" });
        note($"{who} {(engage ? "engages" : "lifts")} the stop -> {status}");
        if (status is < 200 or >= 300)
            return;
        await world.SettleAsync(); // The entity has taken it in.
        checker.Stop(engage);
    }

    private async Task VoteAsync(PersonItem item, CastPerson person)
    {
        var list = await world.ListAsync("GetApprovals", "approvals", Cast.Alex.Id);
        checker.Requests(list);
        if (Pick(list, item.Pick) is not { } found)
            return;
        var id = (string)found["id"]!;
        for (var time = 0; time < item.Times; time++)
        {
            var at = world.Clock.GetUtcNow();
            var verb = item.Verb.ToString().ToLowerInvariant();
            var (status, body) = await world.CallAsync(
                "AnswerApproval",
                person.Id,
                new { decision = verb, reason = "simulated" },
                [("id", id)]
            );
            note($"{person.Name} {verb}s {id} -> {status} {(string?)body?["rule"] ?? (string?)body?["title"]}");
            checker.Answer(new SeenAnswer(at, person.Name, verb, id, "", "", 0, status, body?.ToJsonString() ?? ""));
        }
    }

    private async Task ChangeAsync(PersonItem item, CastPerson person)
    {
        var list = await world.ListAsync("GetContainments", "containments", Cast.Alex.Id);
        checker.Containments(list);
        checker.InEffect(list);
        if (Pick(list, item.Pick) is not { } found)
            return;
        var (id, state) = ((string)found["id"]!, found["state"]!);
        var target = $"{(string)state["target"]!["kind"]!}:{(string)state["target"]!["id"]!}";
        for (var time = 0; time < item.Times; time++)
        {
            var at = world.Clock.GetUtcNow();
            var verb = item.Verb.ToString().ToLowerInvariant();
            var (status, body) = await world.CallAsync(
                "ChangeContainment",
                person.Id,
                new { reason = "simulated", hours = item.Hours },
                [("id", id), ("change", verb)]
            );
            note($"{person.Name} {verb}s {id} -> {status} {(string?)body?["rule"] ?? (string?)body?["title"]}");
            checker.Answer(
                new SeenAnswer(at, person.Name, verb, id, (string)state["action"]!, target, item.Hours, status, body?.ToJsonString() ?? "")
            );
        }
    }

    private static JsonNode? Pick(JsonArray? list, int fromNewest) =>
        list is { Count: > 0 } ? list[list.Count - 1 - fromNewest % list.Count] : null;
}
