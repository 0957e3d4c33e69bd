using System.Globalization;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.People;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>
/// What waits for a person and what is in effect, from the register and the entities that own it, never from what was told before.
/// </summary>
/// <param name="Waiting">Requests; more than <see cref="Most"/> are not counted.</param>
/// <param name="InEffect">What is in effect, what ends first in front.</param>
internal sealed record Standing(int Waiting, IReadOnlyList<RollbackState> InEffect)
{
    public const int Most = 1_000;
    private const int Named = 2;

    public static async Task<Standing> ReadAsync(LocalMachine machine, CancellationToken stop)
    {
        var waiting = 0;
        await foreach (
            var _ in machine.Services.GetRequiredService<ApprovalRegister>().PendingAfterAsync("", stop).Take(Most).WithCancellation(stop)
        )
            waiting++;
        var (found, _) = await Containments.PageAsync(
            machine.Client,
            machine.Services.GetRequiredService<RowTrouble>(),
            state =>
                state.Status
                    is ContainmentStatus.Live
                        or ContainmentStatus.Confirmed
                        or ContainmentStatus.Undoing
                        or ContainmentStatus.RollbackFailed,
            null,
            Most,
            stop
        );
        return new Standing(waiting, [.. found.Select(f => f.State).OrderBy(s => s.UndoAt ?? DateTimeOffset.MaxValue)]);
    }

    /// <summary>One line.</summary>
    public string Text
    {
        get
        {
            var named = string.Join(", ", InEffect.Take(Named).Select(Words));
            var more = InEffect.Count > Named ? $" and {InEffect.Count - Named} more" : "";
            var which = named.Length > 0 ? $" ({named}{more})" : "";
            return $"waiting for you: {Count(Waiting)} · in effect: {Count(InEffect.Count)}{which}";
        }
    }

    private static string Count(int count) => count < Most ? $"{count}" : $"{Most} or more";

    private static string Words(RollbackState state)
    {
        var end = state switch
        {
            { Status: ContainmentStatus.Undoing } => "being undone",
            { Status: ContainmentStatus.RollbackFailed } => "UNDO FAILS",
            { UndoAt: { } at } => string.Create(CultureInfo.InvariantCulture, $"until {at:MM-dd HH:mm}"),
            _ => "until released",
        };
        return $"{state.Action} on {state.Target?.Display} {end}";
    }
}
