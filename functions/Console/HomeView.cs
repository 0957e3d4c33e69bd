using IRFunctions.Policies;

namespace IRFunctions.OperatorConsole;

/// <summary>`/`: what waits, and beside it what is in effect.</summary>
internal sealed class HomeView(WaitingPart waiting, EffectsPart effects) : ConsoleView
{
    public const string Of = "home";
    private const int Most = 8;

    public override string Name => Of;
    public override string Label => "Waiting for you";

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation) =>
        new("Waiting for you", [await waiting.ShowAsync(request, cancellation), await effects.ShowAsync(request, Most, cancellation)]);
}

/// <summary>`/console/effects`: all of it, in pages.</summary>
internal sealed class EffectsView(EffectsPart effects) : ConsoleView
{
    public const string Of = "effects";

    public override string Name => Of;
    public override string Label => "In effect";

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation) =>
        new("In effect", [await effects.ShowAsync(request, EffectsPart.PageSize, cancellation)]);
}

/// <summary>What is in effect, and what ended lately.</summary>
internal sealed class EffectsPart(EffectList effects, PolicyStore policies)
{
    public const string Id = "effects";
    public const int PageSize = 25;

    public async Task<Part> ShowAsync(ViewRequest request, int size, CancellationToken cancellation)
    {
        var whole = size == PageSize;
        var page = await effects.ReadAsync(request.Client, whole ? request.Page : 1, size, cancellation);
        var (policy, viewer, may) = (policies.Current, request.Caller.ObjectId, request.Caller.May("responder", "approver"));
        Html Card(Effect effect) => EffectCard.Of(effect, policy, viewer, may);
        var path = Elements.Path(EffectsView.Of);
        var heading = Html.Of($"In effect <span class=\"count\">{page.Count}</span>");
        return new Part(
            Id,
            Html.Of(
                $"""
                {(whole ? Html.Of($"<h1 class=\"part\">{heading}</h1>") : Html.Of($"<h2>{heading}</h2>"))}
                {(page.Count == 0 ? Nothing() : Html.Of($"<div class=\"card\">{page.Effects.Select(Card)}</div>"))}
                {(
                    whole ? Elements.Pages(path, page.Page, page.Pages)
                    : page.Pages > 1 ? Html.Of($"<p><a href=\"{path}\">All {page.Count}</a></p>")
                    : Html.Empty
                )}
                {(
                    page.Lately.Count == 0
                        ? Html.Empty
                        : Html.Of(
                            $"<h2>Ended lately</h2><div class=\"card\">{page.Lately.Select(Card)}</div>"
                        )
                )}
                """
            )
        );
    }

    private static Html Nothing() => Html.Of($"<p class=\"empty\">Nothing of ours is in effect.</p>");
}
