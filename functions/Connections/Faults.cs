using System.Globalization;
using System.Net;
using IRFunctions.Alerts;
using Microsoft.Graph.Models.ODataErrors;

namespace IRFunctions.Connections;

/// <summary>Tells errors of the tenant apart, in words that name the remedy.</summary>
public static class Faults
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
            throw Translate(what, permission, e.ResponseStatusCode, e.Error?.Message ?? e.Message, e, WaitOf(e));
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new TransientFaultException($"{what}: Microsoft Graph did not answer in time", e);
        }
        catch (HttpRequestException e)
        {
            throw new TransientFaultException($"{what}: Microsoft Graph cannot be reached ({e.Message})", e);
        }
    }

    /// <summary>
    /// Sends a plain HTTP request and translates failures; the response is the caller's to dispose. A 404 comes back as a response, and so
    /// does <paramref name="answer"/>.
    /// </summary>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient http,
        string what,
        string permission,
        HttpRequestMessage request,
        CancellationToken cancellation,
        HttpStatusCode? answer = null
    )
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
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new TransientFaultException($"{what}: {request.RequestUri?.Host} did not answer in time", e);
        }
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound || response.StatusCode == answer)
            return response;
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            throw Translate(
                what,
                permission,
                (int)response.StatusCode,
                TextBounds.Cut(body, 300),
                null,
                response.Headers.RetryAfter?.Delta
            );
        }
    }

    /// <summary>Whether the thing itself is not there, as opposed to not permitted or refused.</summary>
    public static bool IsNotFound(PermanentFaultException fault) =>
        fault.InnerException is ODataError { ResponseStatusCode: (int)HttpStatusCode.NotFound };

    private static Exception Translate(string what, string permission, int status, string message, Exception? inner, TimeSpan? wait) =>
        status switch
        {
            401 or 403 => new PermanentFaultException($"{what}: not permitted. The app needs {permission}. ({message})", inner),
            404 => new PermanentFaultException($"{what}: not found. ({message})", inner),
            429 => new TransientFaultException(Throttling.Message(wait, $"{what}: throttled. ({message})"), inner),
            >= 500 or 408 => new TransientFaultException(
                Throttling.Message(wait, $"{what}: the service failed with {status}. ({message})"),
                inner
            ),
            _ => new PermanentFaultException($"{what}: refused with {status}. ({message})", inner),
        };

    private static TimeSpan? WaitOf(ODataError error) =>
        error.ResponseHeaders is { } headers
        && headers.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault() is { } text
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
