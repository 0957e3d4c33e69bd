using System.Globalization;
using System.Net;
using IRFunctions.Storage;
using Microsoft.Graph.Models.ODataErrors;

namespace IRFunctions.Safeguards;

/// <summary>Trying again cannot help: the target is gone, the permission is missing, the request is refused. Ends in a person's hands (S12).</summary>
public sealed class PermanentFaultException : Exception
{
    public PermanentFaultException(string message, Exception? inner = null) : base(TextBounds.Cut(message, TextBounds.Failure), inner) { }
    public PermanentFaultException() { }
    public PermanentFaultException(string message) : this(message, null) { }
}

/// <summary>May pass by itself: throttled, unreachable, a server error. The orchestration tries again.</summary>
public sealed class TransientFaultException : Exception
{
    public TransientFaultException(string message, Exception? inner = null) : base(TextBounds.Cut(message, TextBounds.Failure), inner) { }
    public TransientFaultException() { }
    public TransientFaultException(string message) : this(message, null) { }
}

/// <summary>
/// How long a throttled service asked to be left alone, in the only part of an exception that every durable engine carries: its message. It stands
/// first, so that no text of the service can pretend to be it.
/// </summary>
public static class Throttling
{
    private const string Mark = "retry after ";

    /// <summary>Longer waits are a person's to decide about; they are paged long before.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    public static string Message(TimeSpan? wait, string rest) =>
        wait is { } length ? string.Create(CultureInfo.InvariantCulture, $"{Mark}{Math.Ceiling(length.TotalSeconds):0} s: {rest}") : rest;

    /// <summary>The wait a failure's message asks for; null where it asks for none.</summary>
    public static TimeSpan? WaitIn(string message)
    {
        if (!message.StartsWith(Mark, StringComparison.Ordinal)) return null;
        var end = message.IndexOf(' ', Mark.Length);
        if (end < 0 || !int.TryParse(message.AsSpan(Mark.Length, end - Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return null;
        var wait = TimeSpan.FromSeconds(Math.Max(1, seconds));
        return wait < Longest ? wait : Longest;
    }
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

    /// <summary>Sends a plain HTTP request and translates failures; the response is the caller's to dispose. A 404 comes back as a response, and so does <paramref name="answer"/>.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, string what, string permission, HttpRequestMessage request, CancellationToken cancellation, HttpStatusCode? answer = null)
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
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound || response.StatusCode == answer) return response;
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            throw Translate(what, permission, (int)response.StatusCode, TextBounds.Cut(body, 300), null, response.Headers.RetryAfter?.Delta);
        }
    }

    /// <summary>Whether the thing itself is not there, as opposed to not permitted or refused.</summary>
    public static bool IsNotFound(PermanentFaultException fault) =>
        fault.InnerException is ODataError { ResponseStatusCode: (int)HttpStatusCode.NotFound };

    private static Exception Translate(string what, string permission, int status, string message, Exception? inner, TimeSpan? wait) => status switch
    {
        401 or 403 => new PermanentFaultException($"{what}: not permitted. The app needs {permission}. ({message})", inner),
        404 => new PermanentFaultException($"{what}: not found. ({message})", inner),
        429 => new TransientFaultException(Throttling.Message(wait, $"{what}: throttled. ({message})"), inner),
        >= 500 or 408 => new TransientFaultException(Throttling.Message(wait, $"{what}: the service failed with {status}. ({message})"), inner),
        _ => new PermanentFaultException($"{what}: refused with {status}. ({message})", inner),
    };

    private static TimeSpan? WaitOf(ODataError error) =>
        error.ResponseHeaders is { } headers
        && headers.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault() is { } text
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
