using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Local.Host;

/// <summary>What one call of a function can draw its parameters from; each trigger fills its own part.</summary>
internal sealed class Invocation(IServiceProvider services, CancellationToken stop)
{
    public IServiceProvider Services { get; } = services;

    public CancellationToken Stop { get; } = stop;

    /// <summary>The services are already those of one request, so no scope is opened.</summary>
    public bool InScope { get; init; }

    public HttpContext? Http { get; init; }

    public ServiceBusReceivedMessage? Message { get; init; }

    public ServiceBusMessageActions? MessageActions { get; init; }

    public TimerInfo? Timer { get; init; }

    public TaskOrchestrationContext? Orchestration { get; init; }

    public TaskActivityContext? Activity { get; init; }

    /// <summary>An activity's input, of the type its function takes (<see cref="ActivityFunction.InputType"/>); null for none.</summary>
    public object? ActivityInput { get; init; }
}

/// <summary>Draws one parameter's value.</summary>
internal delegate object? Binder(Invocation invocation);
