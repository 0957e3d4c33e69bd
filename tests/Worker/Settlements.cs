using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using IRFunctions.Settlement;

namespace IRFunctions.Tests.RealWorker;

/// <summary>How a message was settled.</summary>
/// <param name="How">"complete", "abandon", "dead-letter", "defer" or "renew".</param>
internal sealed record Settled(string How, string LockToken, string? Reason = null, string? Description = null);

/// <summary>The host's service that workers settle messages through; keeps what was asked.</summary>
internal sealed class Settlements : Settlement.Settlement.SettlementBase
{
    private readonly ConcurrentQueue<Settled> asked = new();

    /// <summary>What was asked about one message.</summary>
    public IReadOnlyList<Settled> Of(string lockToken) => [.. asked.Where(a => a.LockToken == lockToken)];

    public override Task<Empty> Complete(CompleteRequest request, ServerCallContext context) => Keep(new Settled("complete", request.Locktoken));

    public override Task<Empty> Abandon(AbandonRequest request, ServerCallContext context) => Keep(new Settled("abandon", request.Locktoken));

    public override Task<Empty> Deadletter(DeadletterRequest request, ServerCallContext context) =>
        Keep(new Settled("dead-letter", request.Locktoken, request.DeadletterReason, request.DeadletterErrorDescription));

    public override Task<Empty> Defer(DeferRequest request, ServerCallContext context) => Keep(new Settled("defer", request.Locktoken));

    public override Task<Empty> RenewMessageLock(RenewMessageLockRequest request, ServerCallContext context) => Keep(new Settled("renew", request.Locktoken));

    private Task<Empty> Keep(Settled settled)
    {
        asked.Enqueue(settled);
        return Task.FromResult(new Empty());
    }
}
