using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>One designated target of rollback drills: an account, address or message that exists for nothing else.</summary>
public sealed record DrillTarget(string Action, Target Target, IReadOnlyList<MailCopy> Mail);

/// <summary>The designated targets (setting Drills__Targets).</summary>
public sealed record DrillPlan(IReadOnlyList<DrillTarget> Targets)
{
    /// <summary>
    /// Reads `action=kind:id` separated by semicolons; a message also needs its mailbox and internet message id:
    /// `quarantine_email=mailMessage:ID,mailbox@example.com,&lt;id@example.com&gt;`.
    /// </summary>
    /// <exception cref="InvalidOperationException">An entry has another form; the message quotes it.</exception>
    public static DrillPlan From(string? setting)
    {
        var targets = new List<DrillTarget>();
        foreach (var entry in (setting ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (equals, fields) = (entry.IndexOf('=', StringComparison.Ordinal), entry.Split(','));
            var colon = equals < 0 ? -1 : fields[0].IndexOf(':', equals);
            if (colon < 0 || fields.Length is not (1 or 3))
                throw new InvalidOperationException(
                    $"Drills__Targets: '{entry}' is not action=kind:id or action=mailMessage:id,mailbox,internet-message-id."
                );
            var target = new Target(entry[(equals + 1)..colon], fields[0][(colon + 1)..], $"drill target {fields[0][(colon + 1)..]}");
            targets.Add(new DrillTarget(entry[..equals], target, fields.Length == 3 ? [new MailCopy(fields[1], fields[2])] : []));
        }
        return new DrillPlan(targets);
    }
}

/// <summary>The effect of a drill, and its certificate. Runs on designated targets only, whatever an order says.</summary>
public sealed class DrillActivities(ActionCatalog catalogue, DrillPlan plan, DrillCertificates certificates, TimeProvider time)
{
    /// <summary>
    /// Like Execute, with the configuration in place of an approval: this action on this target is there to be rehearsed.
    /// </summary>
    [Function(nameof(ExecuteDrill))]
    public async Task<StepReport> ExecuteDrill(
        [ActivityTrigger] PreparedOrder step,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (action, key) = (step.Order.Decision.Action, step.Order.Decision.Target.Key);
        if (!plan.Targets.Any(t => t.Action == action && t.Target.Key == key))
            throw new PermanentFaultException($"{key} is no drill target of {action}; nothing was done");
        var stop = await GlobalStop.ReadAsync(client, cancellation);
        if (stop.Engaged)
            return new StepReport(false, $"halted by the global stop ({stop.Reason}); nothing was done");
        if (step.Until is not { } until || until <= time.GetUtcNow())
            return new StepReport(false, "it has no lease of its hold (S7); nothing was done");
        return new StepReport(true, await catalogue.Find(action).ExecuteAsync(step.Order, step.Prior, cancellation));
    }

    [Function(nameof(IssueCertificate))]
    public Task IssueCertificate([ActivityTrigger] DrillCertificate certificate, CancellationToken cancellation) =>
        certificates.IssueAsync(certificate, cancellation);
}
