using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Directory;

/// <summary>Alerts that name the tenant's things in one way or another, and a model that wants one action on all of them.</summary>
internal static class Named
{
    public const string Message = "00000000-0000-4000-8000-000000000401";

    /// <summary>A world whose model recommends the action on these entities of every alert; on the first where none is given.</summary>
    /// <remarks>It must recommend on no entity that an alert does not have: such an answer is not used, and nothing runs alone.</remarks>
    /// <param name="tierMap">Changes the tier map's text.</param>
    public static Task<World> WorldAsync(string action, Func<string, string>? tierMap = null, params string[] on)
    {
        var time = World.NewClock();
        return World.CreateAsync(
            options =>
                options with
                {
                    Model = ScriptedModel.Saying(ScriptedModel.SureAnswer([.. on.DefaultIfEmpty("e1").Select(e => (action, e))]), time),
                    EditPolicy = files =>
                        [.. files.Select(f => f.Name == "actions.yaml" && tierMap is not null ? f with { Text = tierMap(f.Text) } : f)],
                },
            time
        );
    }

    public static JsonNode Alert(string id, params Dictionary<string, string>[] entities)
    {
        var json = Given.Sample("securityalert-row-malicious-machine.json");
        json["SystemAlertId"] = id;
        json["Severity"] = "High";
        json["Entities"] = JsonSerializer.Serialize(entities.Select((e, i) => new Dictionary<string, string>(e) { ["$id"] = $"{i + 1}" }));
        return json;
    }

    public static Dictionary<string, string> Mail(string recipient, string internetId, string networkId = Message) =>
        new()
        {
            ["Type"] = "mailMessage",
            ["NetworkMessageId"] = networkId,
            ["InternetMessageId"] = internetId,
            ["Recipient"] = recipient,
            ["Subject"] = "Overdue invoice",
        };

    public static Dictionary<string, string> Host(params (string Field, string Value)[] names) =>
        names.Append(("Type", "host")).ToDictionary(n => n.Item1, n => n.Item2);

    public static Dictionary<string, string> Account(params (string Field, string Value)[] names) =>
        names.Append(("Type", "account")).ToDictionary(n => n.Item1, n => n.Item2);

    public static Dictionary<string, string> Application(params (string Field, string Value)[] names) =>
        names.Append(("Type", "cloud-application")).ToDictionary(n => n.Item1, n => n.Item2);

    /// <summary>Sends one alert and works everything off.</summary>
    public static async Task SendAsync(World world, params Dictionary<string, string>[] entities)
    {
        await world.SendAsync(Alert("alert-1", entities));
        await world.RunAsync();
    }
}
