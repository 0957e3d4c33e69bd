using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>S9: what is protected is never contained automatically, by whichever of its names it is registered.</summary>
internal static class ProtectionRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        var names = NamesOf(question);
        ApplyIdentities(question, ruling, names);
        if (question.Target.Kind == "ip" && CarriedAddresses.WhyNobodys(question.Target.Id) is { } why)
            ruling.Tell("nobodys-address", $"No machine can be contained by this address: {why}.");
        var entries = FindEntries(question, names);
        var lifted = ApplyExceptions(question, ruling, FindExceptions(question));
        foreach (var entry in entries ?? [])
            ApplyEntry(question, ruling, entry, lifted);
    }

    /// <summary>Every name of the target, by the directory and by the alert: names the alert claims can only add protection.</summary>
    private static List<string> NamesOf(Question question)
    {
        var names = new List<string>(4) { question.Target.Id };
        foreach (var entity in question.Alert.Entities)
            if (Targets.IsOf(entity, question.Target, question.Facts))
                foreach (var name in OtherNames(entity))
                    if (name is { Length: > 0 })
                        names.Add(name);
        names.AddRange(question.Identity?.Aliases ?? []);
        if (question.Target.Kind != "host")
            return names;
        for (var i = names.Count - 1; i >= 0; i--)
        {
            names[i] = HostNames.Plain(names[i]);
            if (HostNames.LabelOf(names[i]) is { } label) // Registered by its short name.
                names.Add(label);
        }
        return names;
    }

    private static void ApplyIdentities(Question question, Ruling ruling, List<string> names)
    {
        if (names.Exists(name => Has(question.Facts.OwnIdentities, name)))
            ruling.Tell("own-identity", "This is the pipeline's own identity: it never contains itself.");
        if (question.Identity?.Type == IdentityType.BreakGlass)
            ruling.Tell("break-glass", "This is a break-glass account: only people touch it.");
        if (names.Exists(name => question.Policy.Approvers.Contains(name) || Has(question.Facts.Approvers, name)))
            ruling.Ask("approver", "This is an approver: someone else has to approve.");
        else if (question.Target.People is { } people && people.Any(one => IsApprover(question, one)))
            ruling.Ask("approver", "This belongs to an approver: someone else has to approve.");
        if (question is { Target.Kind: "mailMessage" or "mailbox", Identity: { Failed: null, Type: IdentityType.PrivilegedPerson } })
            ruling.Ask("administrator", "This is in the mailbox of a privileged person: a person approves.");
    }

    private static bool IsApprover(Question question, string id) =>
        question.Policy.Approvers.Contains(id) || Has(question.Facts.Approvers, id);

    /// <summary>What is not known under all its names could be something protected: a person decides (S9, S12).</summary>
    public static void ApplyUnresolved(Question question, Ruling ruling, Doubts doubts)
    {
        if (question.Entity is not { } entity || !Targets.NeedsDirectory(entity))
            return;
        if (question.Identity is null)
        {
            ruling.Ask("unresolved", "The directory was not asked what this is, so nothing runs alone on it.");
        }
        else if (question.Identity is { NotFound: true, Failed: { } answer })
        {
            // An answer, and no doubt: there is nothing here to act on, so nobody is asked whether to.
            ruling.Tell("unknown-to-directory", $"Nothing can be done to it: {TextBounds.OneLine(answer, 200)}.");
        }
        else if (question.Identity.Failed is { } why)
        {
            doubts.Add("identity-lookup", $"The directory could not say what {question.Target.Kind} {question.EntityId} is.");
            ruling.Ask(
                "identity-lookup",
                $"The directory could not say what this is, so nothing runs alone on it: {TextBounds.OneLine(why, 200)}"
            );
        }
    }

    private static bool Has(IReadOnlyList<string> ids, string name)
    {
        foreach (var id in ids)
            if (id.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    private static List<ProtectedEntry>? FindEntries(Question question, List<string> names)
    {
        List<ProtectedEntry>? found = null;
        if (question.Target.Kind == "ip")
            question.Policy.FindProtectedAddress(question.Target.Id, ref found);
        foreach (var name in names)
            question.Policy.FindProtected(name, ref found);
        // Known by a short name only, it may be the one that is registered by its full name.
        if (question.Target.Kind == "host" && question.Identity?.Aliases.Any(name => HostNames.LabelOf(name) is not null) != true)
            foreach (var name in names)
                question.Policy.FindProtectedHost(name, ref found);
        return found;
    }

    // An alert is easier to forge than the directory: only the target's id and the directory's names lead to an exception.
    private static List<PolicyExemption>? FindExceptions(Question question)
    {
        List<PolicyExemption>? found = null;
        if (question.Target.Kind == "ip")
            question.Policy.FindExceptionsForAddress(question.Target.Id, ref found);
        question.Policy.FindExceptions(question.Target.Id, ref found);
        // Of a message the names are those of its reader: an exception about a person is none about the mail they got.
        foreach (var alias in question.Target.Kind == "mailMessage" ? [] : question.Identity?.Aliases ?? [])
            question.Policy.FindExceptions(HostNames.Plain(alias), ref found);
        return found;
    }

    private static string?[] OtherNames(Entity? entity) =>
        entity switch
        {
            AccountEntity account => [account.UserPrincipalName, account.Sid],
            HostEntity host => [host.HostName, FullName(host), host.EntraDeviceId, host.DefenderDeviceId, host.AzureResourceId],
            MailboxEntity mailbox => [mailbox.PrimaryAddress],
            ApplicationEntity application => [application.AppId],
            MailMessageEntity mail => [mail.Recipient],
            _ => [],
        };

    private static string? FullName(HostEntity host) =>
        host is { HostName: { } name, DnsDomain: { Length: > 0 } domain } ? $"{name}.{domain}" : null;

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
            ruling.Note(
                "registration-over",
                $"The registration of {entry.Name} ({entry.Ticket}, {entry.Owner}) ended on {entry.Expires:yyyy-MM-dd}; the "
                    + $"default applies."
            );
            return;
        }

        if (lifted)
            return;
        ruling.NeedQuorum(entry.Quorum);
        if (entry.Level == ProtectionLevel.Never)
            ruling.Tell(
                "protected",
                $"{entry.Name} is protected and never contained by the pipeline ({entry.Ticket}, {entry.Owner}): {entry.Why}"
            );
        else if (entry.Level == ProtectionLevel.Soft && !IdentityRules.IsSoft(question))
            ruling.Tell(
                "protected",
                $"{entry.Name} is protected, only soft containment is allowed ({entry.Ticket}, {entry.Owner}): {entry.Why}"
            );
        else
            ruling.Ask("protected", $"{entry.Name} is protected, a person approves ({entry.Ticket}, {entry.Owner}): {entry.Why}");
    }
}
