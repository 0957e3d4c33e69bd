using System.Net.Http.Json;
using System.Text.Json;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;

namespace IRFunctions.Local.Demonstration;

/// <summary>
/// A simulated person on call, so that a newcomer sees a whole story without touching anything: approves the first request after a while,
/// releases that containment a little later, and leaves everything else. Uses the same HTTP API as anyone.
/// </summary>
internal static class Staff
{
    private static readonly TimeSpan ReadingTime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Regret = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Most of the pipeline's time that any of these takes: by a fast clock a person who reads for six seconds is late.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(4);

    /// <summary>So that asking does not keep the machine busy.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(20);

    /// <param name="factor">Seconds of the pipeline's clock in one of the real one.</param>
    public static async Task WorkAsync(Uri address, LocalMachine machine, Timeline timeline, double factor, CancellationToken stop)
    {
        var (reading, regret, look) = (Pace(ReadingTime), Pace(Regret), Pace(Look));
        var person = machine.Policy.Ladder.Rungs[0].Approvers[0];
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add(DevelopmentSignIn.Header, person.ObjectId);
        try
        {
            var approval = await FirstAsync(http, "api/approvals", "approvals", _ => true, look, stop);
            await Task.Delay(reading, stop);
            timeline.Staff(person.Name, "approves the first request");
            await PostAsync(
                http,
                $"api/approvals/{approval.GetProperty("id").GetString()}",
                new { decision = "approve", reason = "matches what we see in the sign-in log" },
                stop
            );

            var target = approval
                .GetProperty("request")
                .GetProperty("request")
                .GetProperty("decision")
                .GetProperty("target")
                .GetProperty("id")
                .GetString()!;
            var containment = await FirstAsync(
                http,
                "api/containments",
                "containments",
                c => c.GetProperty("id").GetString()!.EndsWith(target, StringComparison.Ordinal),
                look,
                stop
            );
            await Task.Delay(regret, stop);
            timeline.Staff(person.Name, "called the owner: it was a false alarm; releases the containment");
            await PostAsync(
                http,
                $"api/containments/{Uri.EscapeDataString(containment.GetProperty("id").GetString()!)}/release",
                new { reason = "owner confirmed the sign-in by phone" },
                stop
            );
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // The run is ending, or somebody else was quicker.
        }

        TimeSpan Pace(TimeSpan real)
        {
            var fast = Most / factor;
            return real <= fast ? real
                : fast < Least ? Least
                : fast;
        }
    }

    private static async Task<JsonElement> FirstAsync(
        HttpClient http,
        string path,
        string list,
        Func<JsonElement, bool> wanted,
        TimeSpan look,
        CancellationToken stop
    )
    {
        while (true)
        {
            var answer = await http.GetFromJsonAsync<JsonElement>(path, stop);
            foreach (var item in answer.GetProperty(list).EnumerateArray())
            {
                if (wanted(item))
                    return item;
            }
            await Task.Delay(look, stop);
        }
    }

    private static async Task PostAsync(HttpClient http, string path, object body, CancellationToken stop)
    {
        using var response = await http.PostAsJsonAsync(path, body, stop);
        response.EnsureSuccessStatusCode();
    }
}
