using System.Globalization;
using IRFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace IRFunctions.OperatorConsole;

/// <summary>Who looks at what.</summary>
/// <param name="Id">The last part of the address; null where the view is of no one thing.</param>
/// <param name="Now">By the pipeline's clock.</param>
internal sealed record ViewRequest(Caller Caller, DurableTaskClient Client, string? Id, IQueryCollection Query, DateTimeOffset Now)
{
    public string Text(string name) => Query[name].FirstOrDefault()?.Trim() ?? "";

    /// <summary>1 for the first page, whatever was written.</summary>
    public int Page => int.TryParse(Text("page"), NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0 ? page : 1;
}

/// <summary>
/// A part of a page that is sent again by itself where it changes. The same content is the same text: nothing in it ticks.
/// </summary>
/// <param name="Id">Of its element, unique on the page.</param>
internal sealed record Part(string Id, Html Content);

/// <summary>A view as it is now.</summary>
internal sealed record Shown(string Title, IReadOnlyList<Part> Parts)
{
    public int Status { get; init; } = StatusCodes.Status200OK;

    public static Shown NotFound(string what) =>
        new(
            "Not found",
            [
                new Part(
                    "none",
                    Html.Of($"<h1>Not found</h1><p class=\"empty\">There is no {what}. It may be mistyped, or from another run.</p>")
                ),
            ]
        )
        {
            Status = StatusCodes.Status404NotFound,
        };
}

/// <summary>One view of the console: reads, and makes its parts.</summary>
internal abstract class ConsoleView
{
    /// <summary>In its address: `/console/NAME`.</summary>
    public abstract string Name { get; }

    /// <summary>In the navigation; null where it is not there.</summary>
    public virtual string? Label => null;

    /// <summary>Which entry of the navigation is marked while it is shown.</summary>
    public virtual string Under => Name;

    /// <summary>False where it costs much and nobody waits for it to change.</summary>
    public virtual bool IsLive => true;

    public abstract Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation);
}
