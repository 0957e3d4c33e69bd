using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using IRFunctions.Tests.RealWorker.Rpc;

namespace IRFunctions.Tests.RealWorker;

/// <summary>The Functions host's end of the one stream between it and a worker: each request waits for the answer with its id.</summary>
internal sealed class HostStream : FunctionRpc.FunctionRpcBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> waiting = new();
    private readonly TaskCompletionSource<string> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<RpcLog> logs = new();
    private Exception? ended;

    /// <summary>What the worker logged, in order.</summary>
    public IReadOnlyList<RpcLog> Logs => [.. logs];

    /// <summary>The id that the worker introduces itself with; fails where it ends before.</summary>
    public Task<string> StartedAsync() => started.Task.WaitAsync(Patience);

    /// <exception cref="TimeoutException">The worker did not answer.</exception>
    public async Task<StreamingMessage> AskAsync(StreamingMessage message)
    {
        message.RequestId = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[message.RequestId] = answer;
        if (ended is { } reason)
            throw reason;
        await outgoing.Writer.WriteAsync(message);
        return await answer.Task.WaitAsync(Patience);
    }

    /// <summary>For what is not answered.</summary>
    public void Tell(StreamingMessage message) => outgoing.Writer.TryWrite(message);

    /// <summary>The worker's process is gone: nobody waits any longer.</summary>
    public void End(Exception reason)
    {
        ended = reason;
        started.TrySetException(reason);
        foreach (var answer in waiting.Values)
            answer.TrySetException(reason);
        outgoing.Writer.TryComplete();
    }

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream,
        IServerStreamWriter<StreamingMessage> responseStream,
        ServerCallContext context
    )
    {
        var sending = SendAsync(responseStream, context.CancellationToken);
        try
        {
            await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
                Take(message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The worker has ended; whoever waits learns it from its process.
        }
        outgoing.Writer.TryComplete();
        await sending;
    }

    private void Take(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.StartStream:
                started.TrySetResult(message.StartStream.WorkerId);
                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                logs.Enqueue(message.RpcLog);
                break;
            default:
                if (waiting.TryRemove(message.RequestId, out var answer))
                    answer.TrySetResult(message);
                break;
        }
    }

    private async Task SendAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken gone)
    {
        try
        {
            await foreach (var message in outgoing.Reader.ReadAllAsync(gone))
                await stream.WriteAsync(message, gone);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // As above.
        }
    }
}
