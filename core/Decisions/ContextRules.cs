using System.Globalization;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>The facts an action needs before it may run alone: missing, failed or unmet means ask.</summary>
internal static class ContextRules
{
    public static void Apply(Question question, Ruling ruling, Doubts doubts)
    {
        foreach (var name in question.Rule!.Checks)
            ApplyCheck(question, question.Policy.Checks[name], ruling, doubts);
    }

    private static void ApplyCheck(Question question, ContextCheck check, Ruling ruling, Doubts doubts)
    {
        var fact = question.Facts.Checks.GetValueOrDefault(Facts.CheckKey(check.Name, question.Target)) ?? FromIdentity(question, check);
        if (fact is null)
        {
            ruling.Ask("context-missing", $"Not known: {check.What}");
        }
        else if (fact.Failed is not null)
        {
            ruling.Ask("context-failed", $"The query failed: {check.What}");
            doubts.Add("context-failed", $"The query of context check {check.Name} failed.");
        }
        else if (Holds(check, fact.Value, question.Facts.Now) is not { } holds)
        {
            ruling.Ask("context-failed", $"The answer cannot be read: {check.What}");
            doubts.Add("context-failed", $"The answer to context check {check.Name} cannot be read.");
        }
        else if (holds)
        {
            ruling.Note("context", $"Held at {Time(question)}: {check.What}");
        }
        else
        {
            ruling.Ask(
                "context-unmet",
                $"Did not hold at {Time(question)}: {check.What}{(fact.Detail is { } detail ? $". {detail}" : "")}"
            );
        }
    }

    /// <summary>People read it later than it was looked at, and by then it may be otherwise (S14).</summary>
    private static string Time(Question question) => question.Facts.Now.UtcDateTime.ToString("HH:mm 'UTC'", CultureInfo.InvariantCulture);

    // Our own last action is part of the identity facts; a check of age need not be asked twice.
    private static ContextFact? FromIdentity(Question question, ContextCheck check) =>
        check.Test == CheckTest.OlderThan && question.Identity is { Failed: null } identity
            ? new ContextFact(identity.LastOwnAction?.ToString("O", CultureInfo.InvariantCulture) ?? "never", Detail: identity.OwnAction)
            : null;

    private static bool? Holds(ContextCheck check, string? value, DateTimeOffset now) =>
        check.Test switch
        {
            CheckTest.AtMost => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number <= check.Number
                : null,
            CheckTest.IsTrue => value switch
            {
                "true" => true,
                "false" => false,
                _ => null,
            },
            CheckTest.IsFalse => value switch
            {
                "false" => true,
                "true" => false,
                _ => null,
            },
            _ when value == "never" => true,
            _ => LongAgo(value, check.Age, now),
        };

    // A time ahead of ours is a clock we do not understand: it does not hold.
    private static bool? LongAgo(string? value, TimeSpan age, DateTimeOffset now) =>
        DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? now - time >= age
            : null;
}
