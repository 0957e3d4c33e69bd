using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Approvals;

/// <summary>
/// What people see in Slack. Untrusted text stands only in plain_text, never in mrkdwn, so that it links and mentions nobody.
/// </summary>
internal static class SlackMessages
{
    public const string Approve = "approve";
    public const string Deny = "deny";
    public const string ReasonBlock = "reason";
    public const string ReasonInput = "text";

    private const int MostText = 2_900; // Slack: 3,000 characters in a text.

    /// <summary>The request with its buttons. A button decides nothing: it opens a form that asks why.</summary>
    public static JsonObject Question(string user, string request, ApprovalView view, Uri? console)
    {
        var decision = view.Request.Decision;
        var lines = string.Join(
            '\n',
            $"Alert: {view.Request.Title}",
            $"What: {decision.Action}",
            $"On: {ApprovalText.On(decision.Target)}",
            $"Why: {ReasonText.Why(decision)}",
            $"Touches: {view.Request.Estimate}",
            decision.Reversible ? $"Undo: {decision.Reversal}" : "CANNOT be undone.",
            $"Decide before {TimeText.Utc(view.Deadline)}. Any denial stops it."
        );
        var blocks = new JsonArray(
            new JsonObject { ["type"] = "header", ["text"] = Plain("May this run?", 150) },
            new JsonObject { ["type"] = "section", ["text"] = Plain(lines, MostText) },
            new JsonObject
            {
                ["type"] = "actions",
                ["elements"] = new JsonArray(
                    Button(Approve, "Approve", "primary", request, view),
                    Button(Deny, "Deny", "danger", request, view)
                ),
            }
        );
        if (console is not null)
            blocks.Add(new JsonObject { ["type"] = "context", ["elements"] = new JsonArray(Plain($"Or answer at {console}", MostText)) });
        return new JsonObject
        {
            ["channel"] = user,
            ["text"] = "A containment waits for your decision.", // What a phone shows; no name of anybody.
            ["blocks"] = blocks,
            ["unfurl_links"] = false,
            ["unfurl_media"] = false,
        };
    }

    /// <summary>The form that asks why.</summary>
    public static JsonObject Form(string trigger, string decision, string request, string hash, string what) =>
        new()
        {
            ["trigger_id"] = trigger,
            ["view"] = new JsonObject
            {
                ["type"] = "modal",
                ["callback_id"] = decision,
                ["private_metadata"] = new JsonObject { ["request"] = request, ["hash"] = hash }.ToJsonString(),
                ["title"] = Plain(decision == Approve ? "Approve" : "Deny", 24),
                ["submit"] = Plain(decision == Approve ? "Approve" : "Deny", 24),
                ["close"] = Plain("Cancel", 24),
                ["blocks"] = new JsonArray(
                    new JsonObject { ["type"] = "section", ["text"] = Plain(what, MostText) },
                    new JsonObject
                    {
                        ["type"] = "input",
                        ["block_id"] = ReasonBlock,
                        ["label"] = Plain("Why? It stands on the record.", 200),
                        ["element"] = new JsonObject
                        {
                            ["type"] = "plain_text_input",
                            ["action_id"] = ReasonInput,
                            ["max_length"] = People.Objection.MaxReason,
                        },
                    }
                ),
            },
        };

    /// <summary>Answer to a form: what is wrong, beside the field.</summary>
    public static JsonObject Wrong(string text) =>
        new()
        {
            ["response_action"] = "errors",
            ["errors"] = new JsonObject { [ReasonBlock] = TextBounds.OneLine(text, 300) },
        };

    /// <summary>Answer to a form: it counts.</summary>
    public static JsonObject Taken(string text) =>
        new()
        {
            ["response_action"] = "update",
            ["view"] = new JsonObject
            {
                ["type"] = "modal",
                ["title"] = Plain("Your answer", 24),
                ["close"] = Plain("Close", 24),
                ["blocks"] = new JsonArray(new JsonObject { ["type"] = "section", ["text"] = Plain(text, MostText) }),
            },
        };

    private static JsonObject Button(string action, string label, string style, string request, ApprovalView view) =>
        new()
        {
            ["type"] = "button",
            ["action_id"] = action,
            ["text"] = Plain(label, 75),
            ["style"] = style,
            ["value"] = new JsonObject { ["request"] = request, ["hash"] = view.Request.ActionHash }.ToJsonString(),
        };

    private static JsonObject Plain(string text, int most) =>
        new()
        {
            ["type"] = "plain_text",
            ["text"] = TextBounds.Cut(text, most),
            ["emoji"] = false,
        };
}
