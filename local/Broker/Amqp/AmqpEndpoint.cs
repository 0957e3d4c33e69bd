using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Principal;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Sasl;
using Microsoft.Azure.Amqp.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// The queues for real Service Bus clients: AMQP 1.0 in plain text on 127.0.0.1 and nowhere else, as Microsoft's emulator speaks it. Any
/// key opens it:
/// who can reach the loopback address may use the queues.
/// </summary>
public sealed class AmqpEndpoint : IRuntimeProvider, IAsyncDisposable
{
    private static readonly AmqpVersion Version = new(1, 0, 0);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly AmqpConnectionListener listener;
    private readonly LinkOpener opener;
    private readonly ConcurrentDictionary<ClientConnection, TaskCompletionSource> connections = new();
    private bool closed;

    private AmqpEndpoint(QueueNamespace queues, int port, ILogger log)
    {
        Port = port;
        opener = new LinkOpener(queues, log);
        var sasl = new SaslTransportProvider();
        sasl.Versions.Add(Version);
        sasl.AddHandler(new SaslAnonymousHandler("MSSBCBS"));
        sasl.AddHandler(new SaslAnonymousHandler());
        sasl.AddHandler(new SaslPlainHandler(new Anybody()));
        sasl.AddHandler(new SaslExternalHandler());
        var settings = new AmqpSettings { RuntimeProvider = this };
        settings.TransportProviders.Add(sasl);
        var connection = new AmqpConnectionSettings
        {
            ContainerId = "irfunctions-local",
            MaxFrameSize = 64 * 1024,
            IdleTimeOut = 240_000,
        };
        listener = new AmqpConnectionListener([$"amqp://127.0.0.1:{port}"], settings, connection);
    }

    public int Port { get; }

    /// <summary>What a ServiceBusClient takes.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true;";

    /// <param name="port">0 finds a free one.</param>
    /// <exception cref="SocketException">Another program listens on the port.</exception>
    public static AmqpEndpoint Start(QueueNamespace queues, int port = 0, ILogger? log = null)
    {
        var endpoint = new AmqpEndpoint(queues, Free(port), log ?? NullLogger.Instance);
        endpoint.listener.Open();
        return endpoint;
    }

    /// <summary>Closes every connection; messages that clients hold stay locked until their locks end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (closed)
            return;
        closed = true;
        listener.Close();
        foreach (var connection in connections.Keys)
            connection.SafeClose();
        // The library's own limits are a minute; a client that does not answer is cut off.
        var all = Task.WhenAll(connections.Values.Select(c => c.Task));
        await Task.WhenAny(all, Task.Delay(LongestGoodbye));
        foreach (var connection in connections.Keys)
            connection.Abort();
    }

    AmqpConnection IConnectionFactory.CreateConnection(
        TransportBase transport,
        ProtocolHeader protocolHeader,
        bool isInitiator,
        AmqpSettings amqpSettings,
        AmqpConnectionSettings connectionSettings
    )
    {
        var connection = new ClientConnection(transport, protocolHeader, amqpSettings, connectionSettings);
        var gone = connections[connection] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.SafeAddClosed(
            (_, _) =>
            {
                connections.TryRemove(connection, out _);
                gone.TrySetResult();
            }
        );
        return connection;
    }

    AmqpSession ISessionFactory.CreateSession(AmqpConnection connection, AmqpSessionSettings settings) =>
        throw new InvalidOperationException("A listener opens no session; clients do.");

    AmqpLink ILinkFactory.CreateLink(AmqpSession session, AmqpLinkSettings settings) => LinkOpener.Create(session, settings);

    IAsyncResult ILinkFactory.BeginOpenLink(AmqpLink link, TimeSpan timeout, AsyncCallback callback, object state) =>
        TaskToAsyncResult.Begin(opener.OpenAsync(link), callback, state);

    void ILinkFactory.EndOpenLink(IAsyncResult result) => TaskToAsyncResult.End(result);

    /// <summary>
    /// The library's listener says neither which port it got nor that the port was taken: its sockets may share one (SO_REUSEPORT). So the
    /// port is tried out first.
    /// </summary>
    private static int Free(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private sealed class Anybody : ISaslPlainAuthenticator
    {
        public Task<IPrincipal> AuthenticateAsync(string userName, string password) =>
            Task.FromResult<IPrincipal>(new GenericPrincipal(new GenericIdentity(userName), null));
    }
}
