namespace IRFunctions.Policies;

/// <summary>
/// What the code can do, as the policy needs to know it for its cross-checks and for choosing targets. The catalogue (Containment) lists
/// one per action.
/// </summary>
/// <param name="Name">Action name, as in the tier map.</param>
/// <param name="TargetKind">Kind of target it needs: "account", "ip", "host", "mailMessage", "application", "mailbox" or "alert".</param>
/// <param name="Reversible">Whether the code has an inverse; the tier map must say the same (S5).</param>
public sealed record ActionCapability(string Name, string TargetKind, bool Reversible);
