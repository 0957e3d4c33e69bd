using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Approvals;

/// <summary>Cards in every state, from one stolen account.</summary>
internal static class Cards
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private static readonly Approver Alex = new("00000000-0000-4000-8000-0000000000b1", "Alex Analyst");

    public static readonly IReadOnlyDictionary<string, Func<JsonObject>> All = new Dictionary<string, Func<JsonObject>>
    {
        ["pending"] = () => Build(Request(View())),
        ["more"] = () => Build(Request(View()) with { Detailed = true }),
        ["four-eyes"] = () => Build(Request(Answered(View(quorum: 2), ApprovalState.Pending, true))),
        ["flood"] = () => Build([.. Enumerable.Range(0, 8).Select(i => Request(Over(i), i))]),
        ["several"] = () => Build(Request(View()), Request(View("revoke_user_sessions"), 1)),
        ["denied"] = () => Build(Request(Answered(View(), ApprovalState.Denied, false))),
        ["expired"] = () => Build(Request(View() with { State = ApprovalState.Expired, Stage = 2 })),
        ["withdrawn"] = () => Build(Request(View() with { State = ApprovalState.Withdrawn })),
        ["approved"] = () => Build(Request(Answered(View(), ApprovalState.Granted, true))),
        ["executed"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = Result(ResultState.Executed, "Sign-in of Adele Vance is blocked; read back."),
                }
            ),
        ["reminder"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = Result(ResultState.Reminder, "Half of the two hours is over."),
                }
            ),
        ["confirmed"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = Result(ResultState.Confirmed, "Alex Analyst keeps it: really stolen"),
                }
            ),
        ["undone"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = Result(ResultState.Undone, "Sign-in of Adele Vance works again; read back."),
                }
            ),
        ["released"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = Result(ResultState.Released, "Sign-in of Adele Vance works again; read back."),
                }
            ),
        ["failed"] = () =>
            Build(
                Request(Answered(View(), ApprovalState.Granted, true)) with
                {
                    Result = new RequestResult(
                        ResultState.Failed,
                        "Graph refused: the app lacks User.EnableDisableAccount.All.",
                        null,
                        null
                    ),
                }
            ),
        ["hostile"] = () => Build(Request(Hostile("[Approve here](https://evil.example) **URGENT** <at>SOC</at> \u202Etxt.exe"))),
    };

    public static CardRequest Request(ApprovalView view, int number = 0) =>
        new($"approval-{number:D24}", new string((char)('a' + number), 64), view, null);

    public static ApprovalView View(string action = "disable_user_account_temporarily", int quorum = 1) =>
        new()
        {
            Request = new ApprovalRequest
            {
                Incident = "incident-5f2c19aa03be41d2",
                Title = "Unfamiliar sign-in properties: Adele Vance from a new country",
                ActionHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                Reasoning =
                    "A sign-in from an unfamiliar place followed a password spray on three accounts; the session registered a new "
                    + "inbox rule within four minutes. A false alarm would look like travel.",
                Evidence = ["Adele Vance (AdeleV@contoso.example)", "203.0.113.7", "Windows 11, Edge, unmanaged device"],
                Decision = new Decision
                {
                    Kind = DecisionKind.Ask,
                    Action = action,
                    Target = new Target("account", "00000000-0000-4000-8000-0000000000a1", "Adele Vance (AdeleV@contoso.example)"),
                    Tier = 2,
                    Confidence = 86,
                    Reasons =
                    [
                        new Reason("tier", "Tier 2 actions always ask a person."),
                        new Reason("confidence", "86 of 100 is above the floor to recommend."),
                    ],
                    Quorum = quorum,
                    MaxDuration = TimeSpan.FromHours(2),
                    Reversible = action != "revoke_user_sessions",
                    Reversal = action == "revoke_user_sessions" ? "People sign in again." : "Sign-in is switched on again as it was.",
                    BlastRadius = "One person cannot work until it is undone.",
                    PolicyHash = new string('b', 64),
                },
            },
            State = ApprovalState.Pending,
            Stage = 0,
            Attempt = 1,
            AskedAt = At,
            Deadline = At.AddMinutes(30),
            Rungs =
            [
                new RungPlan("primary", At, [Alex]),
                new RungPlan("secondary", At.AddMinutes(5), [new Approver("00000000-0000-4000-8000-0000000000b2", "Sam Second")]),
                new RungPlan("manager", At.AddMinutes(15), []),
            ],
        };

    /// <summary>One of many addresses, over the budget of an action that else runs alone.</summary>
    private static ApprovalView Over(int number)
    {
        var view = View("add_ip_to_watchlist");
        var decision = view.Request.Decision with
        {
            Target = new Target("ip", $"203.0.113.{number + 1}", $"203.0.113.{number + 1}"),
            BlastRadius = "Detections on this address get louder.",
            Confidence = 74 + number,
        };
        return view with
        {
            Request = view.Request with { Incident = $"incident-{number}", Title = "Traffic to a known bad address", Decision = decision },
        };
    }

    public static ApprovalView Hostile(string text)
    {
        var view = View();
        var decision = view.Request.Decision with
        {
            Target = view.Request.Decision.Target with { Display = text },
            Reasons = [new Reason("x", text)],
            BlastRadius = text,
            Reversal = text,
            Action = text,
        };
        return view with
        {
            Request = view.Request with
            {
                Title = text,
                Reasoning = text,
                Evidence = [.. Enumerable.Repeat(text, 50)],
                Decision = decision,
            },
            Answers = [new ApprovalAnswer(Alex.ObjectId, true, text, At, "teams")],
            Rungs = [.. view.Rungs.Select(r => r with { Name = text })],
        };
    }

    private static ApprovalView Answered(ApprovalView view, ApprovalState state, bool approve) =>
        view with
        {
            State = state,
            Answers =
            [
                new ApprovalAnswer(
                    Alex.ObjectId,
                    approve,
                    approve ? "matches the sign-in log" : "known travel, called her",
                    At.AddMinutes(2),
                    "teams"
                ),
            ],
        };

    public static RequestResult Result(ResultState state, string text) =>
        new(state, text, At.AddHours(2), "disable_user_account_temporarily:account:x");

    private static JsonObject Build(params CardRequest[] requests) =>
        ApprovalCard.Build(requests, ["29:alex"], new Uri("https://console.example/"));
}
