using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>S9: what is protected is never contained automatically, by whichever of its names it is registered.</summary>
internal static class ProtectionRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        ApplyIdentities(question, ruling);
        List<ProtectedEntry>? entries = null;
        List<PolicyExemption>? exceptions = null;
        Collect(question, ref entries, ref exceptions);
        var lifted = ApplyExceptions(question, ruling, exceptions);
        if (entries is null)
            return;
        foreach (var entry in entries)
            ApplyEntry(question, ruling, entry, lifted);
    }

    private static void ApplyIdentities(Question question, Ruling ruling)
    {
        var id = question.Target.Id;
        var aliases = question.Identity?.Aliases ?? [];
        if (Names(question.Facts.OwnIdentities, id, aliases))
            ruling.Tell("own-identity", "This is the pipeline's own identity: it never contains itself.");
        if (question.Identity?.Type == IdentityType.BreakGlass)
            ruling.Tell("break-glass", "This is a break-glass account: only people touch it.");
        if (question.Policy.Approvers.Contains(id) || Names(question.Facts.Approvers, id, aliases) || aliases.Any(question.Policy.Approvers.Contains))
            ruling.Ask("approver", "This is an approver: someone else has to approve.");
    }

    private static bool Names(IReadOnlyList<string> ids, string id, IReadOnlyList<string> aliases)
    {
        foreach (var known in ids)
            if (known.Equals(id, StringComparison.OrdinalIgnoreCase) || aliases.Contains(known, StringComparer.OrdinalIgnoreCase))
                return true;
        return false;
    }

    private static void Collect(Question question, ref List<ProtectedEntry>? entries, ref List<PolicyExemption>? exceptions)
    {
        var policy = question.Policy;
        if (question.Target.Kind == "ip")
        {
            policy.FindProtectedAddress(question.Target.Id, ref entries);
            policy.FindExceptionsForAddress(question.Target.Id, ref exceptions);
        }

        policy.FindProtected(question.Target.Id, ref entries);
        policy.FindExceptions(question.Target.Id, ref exceptions);
        // Names the alert claims add protection but no exception: an alert is easier to forge than the directory.
        foreach (var entity in question.Alert.Entities)
            if (Targets.IsOf(entity, question.Target))
                foreach (var name in OtherNames(entity))
                    policy.FindProtected(name, ref entries);
        foreach (var alias in question.Identity?.Aliases ?? [])
        {
            policy.FindProtected(alias, ref entries);
            policy.FindExceptions(alias, ref exceptions);
        }
    }

    private static string?[] OtherNames(Entity? entity) => entity switch
    {
        AccountEntity account => [account.UserPrincipalName, account.Sid],
        HostEntity host => [host.HostName, FullName(host), host.EntraDeviceId, host.DefenderDeviceId, host.AzureResourceId],
        MailboxEntity mailbox => [mailbox.PrimaryAddress],
        ApplicationEntity application => [application.AppId],
        MailMessageEntity mail => [mail.Recipient],
        _ => [],
    };

    private static string? FullName(HostEntity host) => host is { HostName: { } name, DnsDomain: { Length: > 0 } domain } ? $"{name}.{domain}" : null;

    private static bool ApplyExceptions(Question question, Ruling ruling, List<PolicyExemption>? exceptions)
    {
        var lifted = false;
        foreach (var exception in exceptions ?? [])
        {
            if (!exception.IsAbout(question.Action))
                continue;
            if (!exception.CountsAt(question.Facts.Now))
            {
                ruling.Note("exception-over", $"{Named(exception)} does not count today: its first day is {exception.From:yyyy-MM-dd}.");
            }
            else if (exception.Effect == ExceptionEffect.Hold)
            {
                ruling.Hold("exception", $"{Named(exception)}: {exception.Why}");
            }
            else
            {
                lifted = true;
                ruling.Note("exception", $"{Named(exception)} lifts the protection: {exception.Why}");
            }
        }

        return lifted;
    }

    private static string Named(PolicyExemption exception) =>
        $"Exception {exception.Name} until {exception.Until:yyyy-MM-dd} ({exception.Ticket}, {exception.Owner})";

    private static void ApplyEntry(Question question, Ruling ruling, ProtectedEntry entry, bool lifted)
    {
        if (entry.BreakGlass)
        {
            ruling.Tell("break-glass", $"{entry.Name} is registered as break-glass ({entry.Ticket}, {entry.Owner}): only people touch it.");
            return;
        }

        if (!entry.CountsAt(question.Facts.Now))
        {
            ruling.Note("registration-over",
                $"The registration of {entry.Name} ({entry.Ticket}, {entry.Owner}) ended on {entry.Expires:yyyy-MM-dd}; the default applies.");
            return;
        }

        if (lifted)
            return;
        ruling.NeedQuorum(entry.Quorum);
        if (entry.Level == ProtectionLevel.Never)
            ruling.Tell("protected", $"{entry.Name} is protected and never contained by the pipeline ({entry.Ticket}, {entry.Owner}): {entry.Why}");
        else if (entry.Level == ProtectionLevel.Soft && !IdentityRules.IsSoft(question))
            ruling.Tell("protected", $"{entry.Name} is protected, only soft containment is allowed ({entry.Ticket}, {entry.Owner}): {entry.Why}");
        else
            ruling.Ask("protected", $"{entry.Name} is protected, a person approves ({entry.Ticket}, {entry.Owner}): {entry.Why}");
    }
}
