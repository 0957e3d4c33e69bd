using System.Globalization;
using System.Text;
using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Tests.Decisions;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// What a model under an attacker's control may answer: any action, any target, any confidence; mostly in the schema, for only then does it
/// count.
/// </summary>
internal static class AdversarialAnswer
{
    private static readonly string[] Invented =
    [
        "delete_tenant",
        "DISABLE_ACCOUNT",
        " watch_ip",
        "watch_ip\n",
        "wаtch_ip",
        "disable_account; watch_ip",
        "isolate_production_host",
        "*",
        "",
    ];

    private static readonly string[] NoTargets =
    [
        "alert",
        "e0",
        "e999",
        "E1",
        "e1 ",
        "*",
        "10.0.0.1",
        "00000000-0000-4000-8000-0000000000a1",
        "",
    ];

    public static string For(Random random, Alert alert, Policy policy, string payload)
    {
        var answer = Schematic(random, alert, policy, payload);
        return random.Chance(80) ? answer : Broken(random, answer, payload);
    }

    private static string Schematic(Random random, Alert alert, Policy policy, string payload)
    {
        string[] actions = [.. policy.Actions.Keys.Order(StringComparer.Ordinal)];
        var recommendations = Enumerable
            .Range(0, random.Chance(60) ? random.Next(1, 4) : random.Next(1, 12))
            .Select(_ =>
            {
                var entity = alert.Entities.Count > 0 && random.Chance(85) ? random.Pick(alert.Entities) : null;
                string[] fitting =
                [
                    .. policy
                        .Actions.Values.Where(a =>
                            a.TargetKind is not null && entity is not null && a.TargetKind == Targets.Of(entity)?.Kind
                        )
                        .Select(a => a.Name)
                        .Order(StringComparer.Ordinal),
                ];
                return new
                {
                    action = random.Next(20) switch
                    {
                        0 => random.Pick(Invented),
                        1 => payload,
                        < 7 => random.Pick(actions),
                        _ => fitting.Length > 0 ? random.Pick(fitting) : random.Pick(actions),
                    },
                    entity_id = entity?.Id ?? (random.Chance(20) ? payload : random.Pick(NoTargets)),
                    confidence = random.Chance(85) ? random.Next(80, 101) : random.Next(0, 101),
                    reason = payload,
                };
            })
            .ToArray();
        return JsonSerializer.Serialize(
            new
            {
                verdict = random.Chance(90) ? "true_positive" : random.Pick((string[])["false_positive", "benign_positive", "unknown"]),
                confidence = random.Next(0, 101),
                reasoning = payload,
                evidence = alert.Entities.Select(e => e.Id).Append(payload),
                recommendations,
            }
        );
    }

    /// <summary>Beside the schema, each in a way that some reader somewhere lets pass.</summary>
    private static string Broken(Random random, string answer, string payload) =>
        random.Next(9) switch
        {
            0 => answer[..random.Next(answer.Length)],
            1 => answer.Replace("\"confidence\":", "\"confidence\":1e2,\"confidence\":", StringComparison.Ordinal),
            2 => answer.Replace("\"entity_id\":", "\"tier\":1,\"entity_id\":", StringComparison.Ordinal),
            3 => answer.Replace("\"verdict\":", "\"Verdict\":\"true_positive\",\"verdict\":", StringComparison.Ordinal),
            4 => answer.Replace(
                "\"confidence\":",
                string.Create(CultureInfo.InvariantCulture, $"\"confidence\":{random.Next(-500, 500)}.5,\"x\":"),
                StringComparison.Ordinal
            ),
            5 => new StringBuilder().Insert(0, "[", random.Next(1, 200)).Append(answer).ToString(),
            6 => payload,
            7 => answer + answer,
            _ => answer.Replace("\"reasoning\":\"", "\"reasoning\":\"" + new string('A', 70_000), StringComparison.Ordinal),
        };
}
