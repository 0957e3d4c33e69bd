using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>Why a message was not taken in: for the dead letter, or the ticket where there is no queue.</summary>
public sealed record Rejection(string Reason, string Description);

/// <summary>Reads a message and hands its alert to its incident, whichever way the message came.</summary>
public sealed class AlertReception(PolicyStore policies, PolicyArchive archive, OwnIdentities own)
{
    /// <summary>Reason for alerts that are not ours, where the policy refuses them.</summary>
    public const string ForeignTenant = "ForeignTenant";

    /// <summary>The alert, or why it is not taken in. Reads nothing but the bytes and the policy in force.</summary>
    public (Alert? Alert, Rejection? Rejection) Read(ReadOnlyMemory<byte> body)
    {
        var reading = AlertParser.Read(body);
        if (reading.Alert is not { } alert)
            return (null, new Rejection(reading.ReasonCode ?? "", reading.Explanation));
        if (policies.Current.Threshold.ForeignTenant is ForeignTenantRule.Refuse && TenantRules.IsForeign(alert, own.Tenants))
            return (
                null,
                new Rejection(
                    ForeignTenant,
                    $"The alert says that it is of tenant {TextBounds.OneLine(alert.TenantId, 100)}, which is not ours "
                        + "(Pipeline__OwnTenants), and the policy refuses such alerts (threshold.yaml, foreign_tenant)."
                )
            );
        return (alert, null);
    }

    /// <summary>When this returns, the alert is durably at its incident's door.</summary>
    /// <param name="message">Which message brought it: the same again is no second arrival.</param>
    /// <param name="lifeOnly">The message tells where the incident stands and leaves its alerts to messages of their own.</param>
    public async Task HandInAsync(Alert alert, string message, bool lifeOnly, DurableTaskClient client, CancellationToken cancellation)
    {
        var policy = policies.Current;
        await archive.KeepAsync(policy, cancellation);
        await client.Entities.SignalEntityAsync(
            IncidentRegister.For(Correlation.IncidentKey(alert)),
            nameof(IncidentRegister.Arrive),
            new Arrival(AlertVersion.KeyOf(alert), alert, policy.Hash, message) { LifeOnly = lifeOnly },
            cancellation: cancellation
        );
    }
}
