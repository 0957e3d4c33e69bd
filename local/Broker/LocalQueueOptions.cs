namespace IRFunctions.Local.Broker;

/// <summary>
/// What the real queue has as its properties in bicep; the defaults are those of a Service Bus standard-tier queue unless noted.
/// </summary>
public sealed record LocalQueueOptions
{
    /// <summary>The largest message the premium tier's default allows; the standard tier stops at 256 KB.</summary>
    public const int LargestAllowedMessage = 1024 * 1024;

    /// <summary>How long a received message stays invisible to others; at most 5 minutes in Service Bus.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries before the message goes to the dead-letter queue with reason MaxDeliveryCountExceeded.</summary>
    public int MaxDeliveryCount { get; init; } = 10;

    /// <summary>A second message with a MessageId seen in this window is accepted and dropped. Zero turns it off.</summary>
    public TimeSpan DuplicateDetectionWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes of body and properties together.</summary>
    public int MaxMessageBytes { get; init; } = 256 * 1024;

    /// <summary>Life of a message that names none; also the upper bound for one that does.</summary>
    public TimeSpan DefaultTimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <summary>Service Bus drops expired messages by default; we keep them for people, because no alert may vanish (S10).</summary>
    public bool DeadLetterOnExpiration { get; init; } = true;

    /// <summary>Every message names a session; of one session only one is out at a time, in order.</summary>
    public bool RequiresSession { get; init; }

    internal LocalQueueOptions Checked()
    {
        Require(
            LockDuration > TimeSpan.Zero && LockDuration <= TimeSpan.FromMinutes(5),
            $"LockDuration {LockDuration} is not within 0 to 5 minutes"
        );
        Require(MaxDeliveryCount >= 1, $"MaxDeliveryCount {MaxDeliveryCount} is below 1");
        Require(DuplicateDetectionWindow >= TimeSpan.Zero, $"DuplicateDetectionWindow {DuplicateDetectionWindow} is negative");
        Require(
            MaxMessageBytes is > 0 and <= LargestAllowedMessage,
            $"MaxMessageBytes {MaxMessageBytes} is not within 1 to {LargestAllowedMessage}"
        );
        Require(DefaultTimeToLive > TimeSpan.Zero, $"DefaultTimeToLive {DefaultTimeToLive} is not positive");
        return this;

        static void Require(bool holds, string otherwise)
        {
            if (!holds)
                throw new ArgumentException($"Queue options: {otherwise}.");
        }
    }
}
