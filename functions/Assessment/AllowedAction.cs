namespace IRFunctions.Assessment;

/// <summary>An action the model may recommend by name. What it means, and whether it ever runs, is the policy's business (S1).</summary>
/// <param name="Name">Name as in the tier map.</param>
/// <param name="Tier">1 may run at once, 2 asks people first, 3 never runs and is a recommendation to a person (S2).</param>
/// <param name="TargetKind">Kind of entity it is about: "account", "ip", "host", "mailMessage", "application", "mailbox" or
/// "alert".</param>
/// <param name="Purpose">What it is for, in a few trusted words.</param>
public sealed record AllowedAction(string Name, int Tier, string TargetKind, string Purpose);
