using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace IRFunctions.Local.Host;

/// <summary>Serves the HTTP functions on ASP.NET Core, as the isolated worker's ASP.NET Core integration does.</summary>
public static class HttpFunctions
{
    /// <exception cref="FunctionCatalogException">A route is malformed.</exception>
    public static void Map(IEndpointRouteBuilder endpoints, FunctionCatalog catalog, HostSettings? settings = null)
    {
        var prefix = (settings ?? new HostSettings()).RoutePrefix;
        foreach (var function in catalog.Http)
        {
            var route = $"/{prefix}/{function.Route.TrimStart('/')}".Replace("//", "/", StringComparison.Ordinal);
            try
            {
                RequestDelegate answer = context => AnswerAsync(function, context);
                _ = function.Methods.Count == 0 ? endpoints.Map(route, answer) : endpoints.MapMethods(route, function.Methods, answer);
            }
            catch (RoutePatternException e)
            {
                throw new FunctionCatalogException([$"{function}: the route '{route}' is malformed: {e.Message}"]);
            }
        }
    }

    private static async Task AnswerAsync(HttpFunction function, HttpContext http)
    {
        object? result;
        try
        {
            result = await function.Invoker.InvokeAsync(
                new Invocation(http.RequestServices, http.RequestAborted) { InScope = true, Http = http }
            );
        }
        catch (BadRouteValueException e)
        {
            result = Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        if (result is IActionResult action)
            await action.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor()));
        else if (result is IResult plain)
            await plain.ExecuteAsync(http);
    }
}
