using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Tests.Containment;

/// <summary>Requests of signed-in people.</summary>
internal static class SignedIn
{
    public static HttpRequest Request(string objectId)
    {
        var http = new DefaultHttpContext
        {
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("oid", objectId), new Claim("name", "a person")], "test")),
        };
        return http.Request;
    }
}
