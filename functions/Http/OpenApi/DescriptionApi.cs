using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Http.OpenApi;

/// <summary>The description of this API. It tells nothing that the source does not, so it is open, for tools.</summary>
public static class DescriptionApi
{
    [Function("GetOpenApi")]
    [OpenToAll]
    [EndpointSummary("This description")]
    [ProducesResponseType(typeof(string), 200, "application/openapi+json")]
    public static IActionResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/openapi.json")] HttpRequest request) =>
        QueryReader.Refuses(request, out var problem) ? problem : new FileContentResult(ApiDescription.Bytes, "application/openapi+json");
}
