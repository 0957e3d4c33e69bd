using IRFunctions.Recording;
using IRFunctions.Stories;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/incident/ID`: what happened, why, and how it stands.</summary>
internal sealed class IncidentView(AuditChain audit) : ConsoleView
{
    public const string Of = "incident";

    public override string Name => Of;

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        if (request.Id is not { } id || Story.Of(await audit.ReadAsync(id, cancellation)) is not { } story)
            return Shown.NotFound("such incident");
        return new Shown(
            "Incident",
            [
                new Part(
                    "story",
                    Html.Of(
                        $"""
                        <h1>{Said(story.Title)}</h1>
                        <ul>{story.Why.Select(w => Html.Of($"<li>{Said(w, 900)}</li>"))}</ul>
                        <h2>What happened</h2>
                        <ol class="card timeline">{story.Lines.Select(l => Html.Of($"<li>{Time(l.At)} {Said(l.Words, 900)}</li>"))}</ol>
                        """
                    )
                ),
            ]
        );
    }
}
