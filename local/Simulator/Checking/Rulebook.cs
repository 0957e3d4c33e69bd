namespace IRFunctions.Local.Simulator.Checking;

/// <summary>What the checker knows of an action: its own copy of docs/design.md section 5, not the product's.</summary>
/// <param name="Hold">How long its effect may last; null where nothing ends by itself.</param>
internal sealed record ActionRuling(int Tier, TimeSpan? Hold, int PerMinute = 10, int PerHour = 60);

/// <summary>Numbers of the shipped policy as the checker holds the product to them.</summary>
internal static class Rulebook
{
    public const string Disable = "disable_user_account_temporarily";
    public const string Revoke = "revoke_user_sessions";
    public const string Watch = "add_ip_to_watchlist";
    public const string Block = "block_ip_at_firewall";
    public const string Quarantine = "quarantine_email";
    public const string Logging = "increase_logging_verbosity";
    public const string RevokeKey = "revoke_api_key";

    public const int TargetPerMinute = 2;
    public const int TargetPerHour = 5;
    public const int TenantPerMinute = 30;
    public const int TenantPerHour = 300;

    /// <summary>From Graph's answer until the tenant is as it was (S7).</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>An undo that is due is tried at least this often, where no service asked for longer.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(70);

    /// <summary>
    /// The record says when a hold was written down, not when the entity took it; storage that was down lies between.
    /// </summary>
    public static readonly TimeSpan HoldDoubt = TimeSpan.FromMinutes(30);

    /// <summary>From the leave to begin an effect to the moment at which nobody waits for it any more.</summary>
    public static readonly TimeSpan LongestTry = TimeSpan.FromMinutes(3);

    /// <summary>A changed policy is in force after the next look at its files, which is every minute.</summary>
    public static readonly TimeSpan PolicyLag = TimeSpan.FromMinutes(3);

    public static IReadOnlyDictionary<string, ActionRuling> Actions { get; } =
        new Dictionary<string, ActionRuling>(StringComparer.Ordinal)
        {
            [Disable] = new(2, TimeSpan.FromHours(2), 3, 10),
            [Revoke] = new(2, null),
            [Watch] = new(1, TimeSpan.FromHours(72), 20, 200),
            [Block] = new(2, TimeSpan.FromHours(24)),
            [Quarantine] = new(1, TimeSpan.FromHours(48)),
            [Logging] = new(1, TimeSpan.FromHours(1)),
            [RevokeKey] = new(2, null),
        };
}
