using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Host;

/// <summary>
/// A web server on http://127.0.0.1 and nowhere else: no environment variable or settings file can add an address. Errors leave as problem
/// details (RFC 9457) with a trace id and no stack trace; requests from foreign web pages are refused.
/// </summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    /// <summary>The largest request body; the queue's send endpoint has its own limit.</summary>
    public const long MaxRequestBody = 1024 * 1024;

    private LoopbackServer(WebApplication app, Uri address)
    {
        App = app;
        Address = address;
    }

    public WebApplication App { get; }

    /// <summary>With the port that was given or found.</summary>
    public Uri Address { get; }

    /// <summary>Builds and starts the server.</summary>
    /// <param name="port">0 finds a free one.</param>
    /// <param name="configure">Services and logging; the default logs warnings and errors nowhere.</param>
    /// <param name="map">Middleware and endpoints.</param>
    /// <exception cref="PortInUseException">Another program listens on the port.</exception>
    /// <exception cref="InvalidOperationException">Something configured an address that is not loopback.</exception>
    public static async Task<LoopbackServer> StartAsync(
        int port,
        Action<WebApplicationBuilder>? configure,
        Action<WebApplication> map,
        CancellationToken stop = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        var app = Build(port, configure);
        try
        {
            Loopback.Require(app);
            app.UseHostFiltering();
            app.Use(RefuseForeignPagesAsync);
            app.UseExceptionHandler();
            app.UseStatusCodePages();
            map(app);
            await app.StartAsync(stop);
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            foreach (var address in addresses)
                Loopback.Require(address);
            return new LoopbackServer(app, new Uri(addresses.First()));
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (e is IOException { InnerException: AddressInUseException })
                throw new PortInUseException(port, e);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    private static WebApplication Build(int port, Action<WebApplicationBuilder>? configure)
    {
        // Empty: nothing ambient (environment, appsettings.json) is read.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, port);
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = MaxRequestBody;
            });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRouting();
        builder.Services.AddMvcCore();
        builder.Services.AddProblemDetails(o =>
            o.CustomizeProblemDetails = c =>
                c.ProblemDetails.Extensions.TryAdd("traceId", Activity.Current?.Id ?? c.HttpContext.TraceIdentifier)
        );
        builder.Services.Configure<ExceptionHandlerOptions>(o =>
            o.StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError
        );
        // A page whose name was rebound to 127.0.0.1 still sends its own name as host.
        builder.Services.AddHostFiltering(o => o.AllowedHosts = ["127.0.0.1", "localhost"]);
        configure?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>
    /// A page open in the analyst's browser could post alerts or approvals to this machine; browsers say where a request comes from.
    /// </summary>
    private static Task RefuseForeignPagesAsync(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        var origin = request.Headers.Origin.ToString();
        // Following a link here is fine; sending anything is not.
        var follows = HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate";
        var foreign =
            (request.Headers["Sec-Fetch-Site"] == "cross-site" && !follows)
            || (origin.Length > 0 && origin != $"{request.Scheme}://{request.Host}");
        return foreign
            ? Results.Problem("Requests from other web pages are refused.", statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(http)
            : next(http);
    }
}

/// <summary>The port is taken; the message names the remedy.</summary>
/// <param name="option">What chooses the port on the command line.</param>
public sealed class PortInUseException(int port, Exception inner, string option = "--port")
    : IOException(
        $"Port {port} on 127.0.0.1 is in use by another program. Stop it, or "
            + $"choose another port with {option} (for example {option} {(port < 65535 ? port + 1 : 0)}).",
        inner
    )
{
    public int Port { get; } = port;
}
