using System.Text.Json.Nodes;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>Whole lists of the API, as somebody reads them who follows each page's continuation.</summary>
internal sealed partial class SimulatedWorld
{
    private const int Rows = 200; // As many as a page has.

    /// <param name="function">The HTTP function.</param>
    /// <param name="name">The list's property in the answer.</param>
    /// <param name="by">Who reads it.</param>
    /// <param name="query">Filters: "all=true"; empty for none.</param>
    /// <exception cref="InvalidOperationException">A page was refused: nothing is in the way of whoever only looks.</exception>
    public async Task<JsonArray> ListAsync(string function, string name, string by, string query = "")
    {
        var all = new JsonArray();
        string? continuation = null;
        do
        {
            var page =
                $"?top={Rows}{(query.Length > 0 ? $"&{query}" : "")}"
                + (continuation is null ? "" : $"&continuation={Uri.EscapeDataString(continuation)}");
            var (status, body) = await LookAsync(() => CallAsync(function, by, query: page));
            if (status != 200 || body?[name] is not JsonArray rows)
                throw new InvalidOperationException($"{function}{page} answered {status}: {body?.ToJsonString()}");
            foreach (var row in rows)
                all.Add(row?.DeepClone());
            continuation = (string?)body["continuation"];
        } while (continuation is not null);
        return all;
    }
}
