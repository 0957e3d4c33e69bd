using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>A source that is one table of the workspace, where one is configured.</summary>
public abstract class WorkspaceSource(Workspace workspace, HabitQuery query) : ISignalSource
{
    public abstract string Name { get; }

    public string Cost => "one workspace query for an alert";

    public string Permission => Workspace.Role;

    public abstract IReadOnlyList<string> Fills { get; }

    public bool IsConfigured => workspace.IsConfigured;

    public abstract bool Covers(SignalSubject subject);

    public async Task<IReadOnlyList<SeenSignal>> LookAsync(SignalQuestion question, CancellationToken cancellation)
    {
        var habits = await workspace.HabitsAsync(query, question.Subjects.Select(s => s.ActorId!), cancellation);
        return
        [
            .. question.Subjects.SelectMany(subject =>
                Judge([.. habits.Where(h => h.Key.Equals(subject.ActorId, StringComparison.OrdinalIgnoreCase))], subject)
                    .Where(found => found.Seen is not null)
                    .Select(found => new SeenSignal(
                        subject.Key,
                        new ObservedSignal(found.Signal, found.Seen!.Minutes, $"{found.Seen.Text} ({Name})")
                    ))
            ),
        ];
    }

    private protected abstract IEnumerable<(string Signal, ObservedText? Seen)> Judge(IReadOnlyList<Habit> habits, SignalSubject subject);
}

/// <summary>
/// Secrets, keys and certificates that an identity read. Source: Key Vault's diagnostics in table AZKVAuditLogs
/// (learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs).
/// </summary>
public sealed class VaultSignals(Workspace workspace)
    : WorkspaceSource(
        workspace,
        new HabitQuery(
            "AZKVAuditLogs",
            "TimeGenerated",
            "coalesce(tostring(Identity.claim.oid), "
                + "tostring(Identity.claim[\"http://schemas.microsoft.com/identity/claims/objectidentifier\"]))",
            "Id",
            "OperationName",
            "OperationName in (\"SecretGet\", \"SecretList\", \"KeyGet\", \"KeyUnwrap\", \"CertificateGet\") and ResultType == \"Success\""
        )
    )
{
    public override string Name => "Key Vault log";

    public override IReadOnlyList<string> Fills { get; } = [SignalNames.UnexpectedSecretRead];

    public override bool Covers(SignalSubject subject) => subject.ActorId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(IReadOnlyList<Habit> habits, SignalSubject subject)
    {
        yield return (SignalNames.UnexpectedSecretRead, Habits.First(habits, "read"));
    }
}

/// <summary>
/// Credentials with which service principals sign in. Source: table AADServicePrincipalSignInLogs, which has the id of the key
/// (learn.microsoft.com/azure/azure-monitor/reference/tables/aadserviceprincipalsigninlogs).
/// </summary>
public sealed class CredentialSignals(Workspace workspace)
    : WorkspaceSource(
        workspace,
        new HabitQuery(
            "AADServicePrincipalSignInLogs",
            "TimeGenerated",
            "ServicePrincipalId",
            "ServicePrincipalCredentialKeyId",
            "strcat(IPAddress, \"|\", Location)",
            "ResultType == \"0\""
        )
    )
{
    public override string Name => "service principal sign-in log";

    public override IReadOnlyList<string> Fills { get; } = [SignalNames.TokenMinting, SignalNames.BindingViolation];

    public override bool Covers(SignalSubject subject) => subject.PrincipalId is not null;

    private protected override IEnumerable<(string Signal, ObservedText? Seen)> Judge(IReadOnlyList<Habit> habits, SignalSubject subject)
    {
        // Without a past every key is new.
        if (habits.Any(h => !h.IsNew))
            yield return (
                SignalNames.TokenMinting,
                Habits.First(habits.Where(h => h.Thing.Length > 0), "tokens were made with the credential")
            );
        yield return (SignalNames.BindingViolation, Habits.Binding(habits, subject));
    }
}
