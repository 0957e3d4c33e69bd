using System.Diagnostics.CodeAnalysis;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Extensions.Logging;
using AmqpDelivery = Microsoft.Azure.Amqp.Delivery;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// A receiver's link. It sends messages while the client gives credit; the lock token is the delivery's tag. The library's own sending link
/// answers a drain before an asynchronous source could serve it, hence this one.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A link ends by closing; none of these holds a handle or a timer.")]
internal sealed class DeliveryLink(AmqpSession session, AmqpLinkSettings settings) : AmqpLink("delivery", session, settings)
{
    /// <summary>Messages taken in one step, so that their locks share one write.</summary>
    private const uint MaxTaken = 64;

    private readonly Lock sync = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly CancellationTokenSource closed = new();
    private CancellationTokenSource? waiting;
    private Flow? drain;
    private DeliverySource? source;
    private ILogger? log;

    private bool DeletesAtOnce => Settings.SettleType == SettleMode.SettleOnSend;

    /// <exception cref="Exception">The source cannot be had; what it is tells why.</exception>
    public async Task OpenAsync((LocalQueue Queue, EntityAddress Entity) target, ILogger logger)
    {
        log = logger;
        SafeAddClosed((_, _) => OnClosed());
        source = await DeliverySource.OpenAsync(this, target.Queue, target.Entity, closed.Token);
        if (source.Session is { } session)
            _ = session.Lost.ContinueWith(_ => OnSessionLost(session), TaskScheduler.Default);
        // Closed while it waited for a session: nobody else would give that back.
        if (closed.IsCancellationRequested)
            source.Close();
        else
            _ = Task.Run(PumpAsync);
    }

    public override bool CreateDelivery(Transfer transfer, out AmqpDelivery delivery) => throw Never();

    protected override void OnProcessTransfer(AmqpDelivery delivery, Transfer transfer, Frame rawFrame) => throw Never();

    protected override void OnCreditAvailable(int session, uint link, bool drain, ArraySegment<byte> txnId) => wake.Release();

    protected override void OnReceiveFlow(Flow flow)
    {
        if (flow.Drain != true)
        {
            base.OnReceiveFlow(flow);
            return;
        }
        lock (sync)
        {
            drain = flow;
            waiting?.Cancel();
        }
        wake.Release();
    }

    /// <summary>The client says what becomes of a message. Deleted ones are settled as they are sent.</summary>
    protected override void OnDisposeDeliveryInternal(AmqpDelivery delivery)
    {
        if (!DeletesAtOnce && delivery.State is not Received)
            _ = SettleAsync(delivery);
    }

    private async Task SettleAsync(AmqpDelivery delivery)
    {
        var outcome = await Disposition.ApplyAsync(source!, delivery, log!);
        // A client that settled by itself hears nothing more.
        if (!delivery.Settled)
            DisposeDelivery(delivery, settled: true, outcome);
        delivery.Dispose();
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                await wake.WaitAsync(closed.Token);
                while (LinkCredit > 0 || drain is not null)
                    if (!await StepAsync())
                        return;
            }
        }
        catch (OperationCanceledException) when (closed.IsCancellationRequested)
        {
            // The link is closed; OnClosed gave back what it held.
        }
        catch (Exception e)
        {
            log!.LogError(e, "Queue {Queue} could not be read for {Link}", source!.Queue.Name, Name);
            SafeClose(new AmqpException(AmqpErrors.From(e)));
        }
    }

    /// <summary>
    /// Takes what there is, waiting for the next message unless the client asks to drain; false where there will be none any more.
    /// </summary>
    private async Task<bool> StepAsync()
    {
        Flow? asked;
        CancellationToken stop;
        lock (sync)
        {
            asked = drain;
            waiting?.Dispose();
            waiting = CancellationTokenSource.CreateLinkedTokenSource(closed.Token);
            stop = waiting.Token;
        }
        if (asked is not null)
            ProcessFlow(CreditOf(asked));
        IReadOnlyList<Delivery> taken;
        try
        {
            taken =
                LinkCredit == 0
                    ? []
                    : await source!.TakeAsync(
                        (int)Math.Min(LinkCredit, MaxTaken),
                        asked is null ? null : TimeSpan.Zero,
                        DeletesAtOnce,
                        stop
                    );
        }
        catch (OperationCanceledException) when (!closed.IsCancellationRequested)
        {
            return true; // A drain was asked for meanwhile.
        }
        foreach (var delivery in taken)
            Send(delivery);
        if (asked is null)
            return taken.Count > 0 || drain is not null;
        if (taken.Count == 0 || LinkCredit == 0)
            Drained(asked);
        return true;
    }

    private void Drained(Flow asked)
    {
        lock (sync)
            if (ReferenceEquals(drain, asked))
                drain = null;
        ProcessFlow(asked);
    }

    private void Send(Delivery delivery)
    {
        var message = DeliveredMessage.From(delivery, source!.Queue);
        message.DeliveryTag = new ArraySegment<byte>(delivery.LockToken.ToByteArray());
        if (DeletesAtOnce)
            ForceSendDelivery(message); // It is gone from the queue: sent even where the credit was taken back meanwhile.
        else if (IsClosing() || !TrySendDelivery(message))
            source.Queue.GiveBack(delivery);
    }

    private void OnSessionLost(SessionLock session) =>
        SafeClose(
            new AmqpException(AmqpErrors.SessionLockLost, $"The lock on session '{session.SessionId}' expired. Accept the session again.")
        );

    private void OnClosed()
    {
        closed.Cancel();
        source?.Close();
    }

    private static Flow CreditOf(Flow flow) =>
        new()
        {
            Handle = flow.Handle,
            DeliveryCount = flow.DeliveryCount,
            LinkCredit = flow.LinkCredit,
            Properties = flow.Properties,
        };

    private static AmqpException Never() => new(AmqpErrorCode.NotAllowed, "A receiver's link takes no transfers.");
}
