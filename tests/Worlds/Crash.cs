using IRFunctions.Local.Engine;

namespace IRFunctions.Tests.Worlds;

/// <summary>The machine dies here.</summary>
internal sealed class SimulatedCrash : Exception;

/// <summary>
/// The one way in which a machine dies, or something else happens, at a step of a test: at the n-th step that counts, once, in this machine
/// and those that are started after it.
/// </summary>
/// <param name="moment">What kind of step.</param>
/// <param name="at">Which of those that count, from 1.</param>
/// <param name="counts">By the instance's id; null for every one.</param>
/// <param name="instead">What happens there instead of the machine's death.</param>
internal sealed class Crash(CrashMoment moment, int at, Func<string, bool>? counts = null, Action? instead = null)
{
    private int seen;

    /// <summary>False where there was no such step.</summary>
    public bool Happened { get; private set; }

    /// <summary>For the machine that dies. One that is started anew may have it, too: it dies no second time.</summary>
    public EngineOptions Engine => new() { AtCrashPoint = Look };

    public void Look(CrashPoint point)
    {
        if (Happened || point.Moment != moment || counts?.Invoke(point.InstanceId) == false || ++seen != at)
            return;
        Happened = true;
        if (instead is null)
            throw new SimulatedCrash();
        instead();
    }

    /// <summary>Does what can be done again, until a machine lives to the end of it.</summary>
    /// <param name="restart">Starts another machine on what is stored.</param>
    public static async Task SurviveAsync(Func<Task> act, Func<Task> restart)
    {
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (Exception e) when (e is SimulatedCrash || e.InnerException is SimulatedCrash)
            {
                await restart();
            }
        }
    }
}
