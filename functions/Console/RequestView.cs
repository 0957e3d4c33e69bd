using IRFunctions.Storage;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/request/ID`: one request, also after its end; what cards and pages link to. Opening it decides nothing.</summary>
internal sealed class RequestView(WaitingList waiting, WaitingPart part) : ConsoleView
{
    public const string Of = "request";

    public override string Name => Of;
    public override string Under => HomeView.Of;

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        if (request.Id is not { } id)
            return Shown.NotFound("request without an id");
        try
        {
            if (await waiting.FindAsync(request.Client, id, cancellation) is not { } found)
                return Shown.NotFound("such request");
            var card = RequestCard.Of(found, part.ObjectionOf(found, request), request.Caller.ObjectId, alone: true);
            return new Shown("One request", [new Part(WaitingPart.Id, Html.Of($"<h1 class=\"part\">One request</h1>{card}"))]);
        }
        catch (UnreadableRowException)
        {
            return Shown.NotFound("request of this id that can be read; decide by hand");
        }
    }
}
