using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/stop`: one switch, big, with who and why.</summary>
internal sealed class StopView(PolicyStore policies) : ConsoleView
{
    public const string Of = "stop";

    public override string Name => Of;

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var stop = await GlobalStop.ReadAsync(request.Client, cancellation);
        var may = request.Caller.May(Http.TokenSignIn.MayStop);
        return new Shown("Stop", [new Part("stop", stop.Engaged ? Engaged(stop, may) : Free(stop, may))]);
    }

    /// <summary>On every page while it is engaged.</summary>
    public async Task<Html> BannerAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var stop = await GlobalStop.ReadAsync(client, cancellation);
        return stop.Engaged
            ? Html.Of($"<p class=\"banner\" role=\"alert\">All new actions are stopped by {Who(stop)}: {Said(stop.Reason)} {Link()}</p>")
            : Html.Empty;
    }

    private Html Engaged(GlobalStopState stop, bool may) =>
        Html.Of(
            $"""
            <h1>All new actions are stopped</h1>
            <div class="card stopped">
            <p>{Who(stop)} stopped them {(stop.Since is { } since ? Html.Of($"at {Time(since)}") : Html.Empty)}: {Said(
                stop.Reason,
                600
            )}</p>
            <p>What is in effect ends as it should. Releases work. People are told, and tickets are opened.</p>
            {(may ? Form("delete", "Let actions run again", "yes big") : NotYou())}</div>
            """
        );

    private Html Free(GlobalStopState stop, bool may) =>
        Html.Of(
            $"""
            <h1>Stop all new actions</h1>
            <div class="card"><p>No new action runs from this moment on, whoever approves it.
            What is in effect stays, ends by itself when its time is up, and can be released.</p>
            {(
                stop.Since is { } since
                    ? Html.Of($"<p class=\"soft\">It was lifted by {Who(stop)} at {Time(since)}: {Said(stop.Reason, 600)}</p>")
                    : Html.Empty
            )}
            {(may ? Form("put", "Stop all new actions", "danger big") : NotYou())}</div>
            """
        );

    private static Html Form(string method, string label, string look) =>
        Html.Of(
            $"""
            <form class="act" data-act="{method}" data-url="/api/stop" id="stop-act">
            <label for="stop-why">Why? It goes on the record.</label>
            <textarea id="stop-why" name="reason" rows="2" maxlength="{Objection.MaxReason}" required></textarea>
            <button class="{look}">{label}</button><output role="status"></output></form>
            """
        );

    private static Html Link() => Html.Of($"<a href=\"{Path(Of)}\">Look</a>");

    private static Html NotYou() => Html.Of($"<p class=\"note\">Your sign-in may look, but not stop: it lacks the role for it.</p>");

    private string Who(GlobalStopState stop) => Names.Of(policies.Current, stop.By);
}
