using Azure;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Limits;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Alert = IRFunctions.Alerts.Alert;

namespace IRFunctions.Assessment;

/// <summary>
/// Learns what the model should know before it judges: sign-ins and traffic of the last 24 hours, type, roles, age and
/// criticality of accounts and hosts, when we last acted on them,
/// earlier incidents about the same things. Bounded in number and time; what could not be learned is said, and never holds an alert up.
/// </summary>
public sealed class ContextGatherer(
    GraphServiceClient graph,
    Hunting hunting,
    DirectoryRights rights,
    Criticality criticality,
    IncidentMemory memory,
    ClassificationOptions options,
    TimeProvider time,
    IoTime? io = null
)
{
    private const int MaxEntities = 6;
    private static readonly string[] Fields = ["id", "accountEnabled", "createdDateTime", "userType", "employeeType"];

    /// <summary>Never fails but by cancellation.</summary>
    /// <param name="alert">What it is about.</param>
    /// <param name="policy">Whose protected list says what owners registered as critical.</param>
    /// <param name="client">Reads when we last acted.</param>
    /// <param name="cancellation">The caller's own.</param>
    public async Task<AlertContext> GatherAsync(Alert alert, Policy policy, DurableTaskClient client, CancellationToken cancellation)
    {
        if (options.ContextTimeout <= TimeSpan.Zero)
            return AlertContext.None;
        var accounts = alert.Entities.OfType<AccountEntity>().Where(a => a.ObjectId is not null).Take(MaxEntities).ToArray();
        var addresses = alert.Entities.OfType<IpEntity>().Take(MaxEntities).ToArray();
        using var limit = new CancellationTokenSource(options.ContextTimeout, io?.Clock ?? time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var inquiry = new Inquiry(both.Token, cancellation);

        var people = accounts
            .Select(a => inquiry.TryAsync("the directory's entry of " + a.Id, () => AccountAsync(a, both.Token)))
            .ToArray();
        var signIns =
            accounts.Length == 0
                ? null
                : inquiry.TryAsync("sign-ins of the accounts", () => hunting.SignInsOfAsync(accounts.Select(a => a.ObjectId!), both.Token));
        var from =
            addresses.Length == 0
                ? null
                : inquiry.TryAsync(
                    "sign-ins from the addresses",
                    () => hunting.SignInsFromAsync(addresses.Select(a => a.Address), both.Token)
                );
        var traffic =
            addresses.Length == 0
                ? null
                : inquiry.TryAsync(
                    "traffic with the addresses",
                    () => hunting.ConnectionsAsync(addresses.Select(a => a.Address), both.Token)
                );
        var own = alert
            .Entities.Select(e => (e.Id, Target: Targets.Of(e)))
            .Where(e => e.Target is not null)
            .Take(MaxEntities)
            .Select(e =>
                (
                    e.Id,
                    At: inquiry.TryAsync(
                        "our own last action on " + e.Id,
                        async () => (object?)await RateLimit.LastTakenAsync(e.Target!, client, both.Token) ?? ""
                    )
                )
            )
            .ToArray();
        var things = alert
            .Entities.Select(e => (e.Id, Target: Targets.Of(e)))
            .Where(e => e.Target?.Kind is "account" or "host")
            .Take(MaxEntities)
            .ToArray();
        var levels =
            things.Length == 0
                ? null
                : inquiry.TryAsync("criticality", () => criticality.OfAsync(things.Select(t => t.Target!), both.Token));
        var similar = inquiry.TryAsync("earlier incidents", () => memory.FindAsync(alert, both.Token));

        var known = new Dictionary<string, EntityContext>(StringComparer.Ordinal);
        foreach (var (account, person) in accounts.Zip(await Task.WhenAll(people)))
            known[account.Id] = With(
                person ?? new EntityContext(account.Id),
                signIns is null ? null : (await signIns)?.GetValueOrDefault(account.ObjectId!)
            );
        foreach (var address in addresses)
        {
            var seen = With(new EntityContext(address.Id), from is null ? null : (await from)?.GetValueOrDefault(address.Address));
            var counts = traffic is null ? null : await traffic;
            known[address.Id] = seen with { Connections = counts?.TryGetValue(address.Address, out var count) == true ? count : null };
        }
        foreach (var (id, at) in own)
            if (await at is DateTimeOffset last)
                known[id] = known.GetValueOrDefault(id, new EntityContext(id)) with { LastOwnAction = last };
        var found = levels is null ? null : await levels;
        foreach (var (id, target) in things)
        {
            if (found?.GetValueOrDefault(target!.Key) is { Failed: not null })
                inquiry.Miss("criticality of " + id, "not available");
            if (CriticalityOf(target!, found, policy) is { } word)
                known[id] = known.GetValueOrDefault(id, new EntityContext(id)) with { Criticality = word };
        }
        var past = await similar ?? [];
        return new AlertContext(
            [.. alert.Entities.Select(e => known.GetValueOrDefault(e.Id)).OfType<EntityContext>()],
            past,
            inquiry.Missing
        );
    }

    /// <summary>What the policy's owners registered comes before what the tenant says.</summary>
    private string? CriticalityOf(Target target, IReadOnlyDictionary<string, CriticalityFact>? found, Policy policy) =>
        policy.IsRegistered(target.Id, time.GetUtcNow()) ? "critical" : found?.GetValueOrDefault(target.Key)?.Word;

    private async Task<EntityContext> AccountAsync(AccountEntity account, CancellationToken cancellation)
    {
        var held = rights.ReadAsync(account.ObjectId!, cancellation);
        var reading = Faults.CallGraphAsync(
            "reading the account",
            "User.Read.All",
            () => graph.Users[account.ObjectId!].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
        );
        await Task.WhenAll(held, reading);
        var (user, roles) = (await reading, (await held).Roles);
        return new EntityContext(account.Id)
        {
            Roles = [.. roles.Select(r => r.ToLowerInvariant().Replace(' ', '_'))],
            IdentityType = (await held).Privilege is not null ? PolicyWords.Of(IdentityType.PrivilegedPerson) : TypeOf(user),
            Enabled = user?.AccountEnabled,
            AgeDays = user?.CreatedDateTime is { } made ? (int)Math.Max(0, (time.GetUtcNow() - made).TotalDays) : null,
        };
    }

    /// <summary>As the directory marks accounts: guests by type, services by employee type where that is kept.</summary>
    private static string TypeOf(User? user) =>
        user switch
        {
            { UserType: "Guest" } => "guest",
            { EmployeeType: "Service" } => "service_account",
            _ => PolicyWords.Of(IdentityType.Person),
        };

    private static EntityContext With(EntityContext entity, SignIns? seen) =>
        seen is null
            ? entity
            : entity with
            {
                SignIns = seen.Succeeded,
                FailedSignIns = seen.Failed,
                Countries = seen.Countries,
                Others = seen.Others,
            };

    /// <summary>Asks, and writes down what could not be learned.</summary>
    private sealed class Inquiry(CancellationToken limit, CancellationToken caller)
    {
        private readonly Lock gate = new();
        private readonly List<string> missing = [];

        public IReadOnlyList<string> Missing
        {
            get
            {
                lock (gate)
                    return [.. missing.Order(StringComparer.Ordinal)];
            }
        }

        public void Miss(string what, string why)
        {
            lock (gate)
                missing.Add($"{what} ({why})");
        }

        public async Task<T?> TryAsync<T>(string what, Func<Task<T>> ask)
            where T : class
        {
            try
            {
                return await ask().WaitAsync(limit);
            }
            catch (Exception) when (caller.IsCancellationRequested)
            {
                throw new OperationCanceledException(caller);
            }
            // A hint is worth no failed alert, whatever the reason; the message of the exception may quote what we asked.
            catch (Exception e)
            {
                var why =
                    e is PermanentFaultException ? "refused or not there"
                    : e is OperationCanceledException ? "too slow"
                    : e is TransientFaultException or RequestFailedException ? "not available"
                    : "failed";
                Miss(what, why);
                return null;
            }
        }
    }
}
