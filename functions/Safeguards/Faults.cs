using System.Net;
using Microsoft.Graph.Models.ODataErrors;

namespace IRFunctions.Safeguards;

/// <summary>Trying again cannot help: the target is gone, the permission is missing, the request is refused. Ends in a person's hands (S12).</summary>
public sealed class PermanentFaultException : Exception
{
    public PermanentFaultException(string message, Exception? inner = null) : base(message, inner) { }
    public PermanentFaultException() { }
    public PermanentFaultException(string message) : base(message) { }
}

/// <summary>May pass by itself: throttled, unreachable, a server error. The orchestration tries again.</summary>
public sealed class TransientFaultException : Exception
{
    public TransientFaultException(string message, Exception? inner = null) : base(message, inner) { }
    public TransientFaultException() { }
    public TransientFaultException(string message) : base(message) { }
}

/// <summary>Tells errors of the tenant apart, in words that name the remedy.</summary>
internal static class Faults
{
    /// <summary>Runs a Graph call and translates what it throws.</summary>
    /// <exception cref="PermanentFaultException"/>
    /// <exception cref="TransientFaultException"/>
    public static async Task<T> CallGraphAsync<T>(string what, string permission, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ODataError e)
        {
            throw Translate(what, permission, e.ResponseStatusCode, e.Error?.Message ?? e.Message, e);
        }
        catch (HttpRequestException e)
        {
            throw new TransientFaultException($"{what}: Microsoft Graph cannot be reached ({e.Message})", e);
        }
    }

    /// <summary>Sends a plain HTTP request and translates failures; the response is the caller's to dispose. A 404 comes back as a response.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, string what, string permission, HttpRequestMessage request, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new TransientFaultException($"{what}: {request.RequestUri?.Host} cannot be reached ({e.Message})", e);
        }
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound) return response;
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            throw Translate(what, permission, (int)response.StatusCode, body.Length > 300 ? body[..300] : body, null);
        }
    }

    private static Exception Translate(string what, string permission, int status, string message, Exception? inner) => status switch
    {
        401 or 403 => new PermanentFaultException($"{what}: not permitted. The app needs {permission}. ({message})", inner),
        404 => new PermanentFaultException($"{what}: not found. ({message})", inner),
        429 => new TransientFaultException($"{what}: throttled. ({message})", inner),
        >= 500 or 408 => new TransientFaultException($"{what}: the service failed with {status}. ({message})", inner),
        _ => new PermanentFaultException($"{what}: refused with {status}. ({message})", inner),
    };
}
