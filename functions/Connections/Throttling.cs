using System.Globalization;
using IRFunctions.Alerts;

namespace IRFunctions.Connections;

/// <summary>
/// Trying again cannot help: the target is gone, the permission is missing, the request is refused. Ends in a person's hands (S12).
/// </summary>
public sealed class PermanentFaultException : Exception
{
    public PermanentFaultException(string message, Exception? inner = null)
        : base(TextBounds.Cut(message, TextBounds.Failure), inner) { }

    public PermanentFaultException() { }

    public PermanentFaultException(string message)
        : this(message, null) { }
}

/// <summary>May pass by itself: throttled, unreachable, a server error. The orchestration tries again.</summary>
public sealed class TransientFaultException : Exception
{
    public TransientFaultException(string message, Exception? inner = null)
        : base(TextBounds.Cut(message, TextBounds.Failure), inner) { }

    public TransientFaultException() { }

    public TransientFaultException(string message)
        : this(message, null) { }
}

/// <summary>
/// How long a throttled service asked to be left alone, in the only part of an exception that every durable engine carries: its message. It
/// stands first, so that no text of the service can pretend to be it.
/// </summary>
public static class Throttling
{
    private const string Mark = "retry after ";

    /// <summary>Longer waits are a person's to decide about; they are paged long before.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    public static string Message(TimeSpan? wait, string rest) =>
        wait is { } length ? string.Create(CultureInfo.InvariantCulture, $"{Mark}{Math.Ceiling(length.TotalSeconds):0} s: {rest}") : rest;

    /// <summary>The wait a failure's message asks for; null where it asks for none.</summary>
    public static TimeSpan? WaitIn(string message)
    {
        if (!message.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        var end = message.IndexOf(' ', Mark.Length);
        if (
            end < 0
            || !int.TryParse(
                message.AsSpan(Mark.Length, end - Mark.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var seconds
            )
        )
            return null;
        var wait = TimeSpan.FromSeconds(Math.Max(1, seconds));
        return wait < Longest ? wait : Longest;
    }
}
