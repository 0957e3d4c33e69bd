using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Bench;

/// <summary>
/// A directory with an account for every id, and a pager that forgets. The memory of Microsoft's directory and of the paging service is not
/// the pipeline's, so it must not be measured as such; an account that is changed becomes one of the simulated tenant.
/// </summary>
internal sealed class FarSide
{
    private readonly ConcurrentDictionary<string, Task> changed = new(StringComparer.OrdinalIgnoreCase);

    public HttpMessageHandler Handler(IServiceProvider services)
    {
        var tenant = services.GetRequiredService<SimulatedTenant>();
        return new Answering(this, tenant) { InnerHandler = new TenantHttpHandler(tenant) };
    }

    private sealed class Answering(FarSide side, SimulatedTenant tenant) : DelegatingHandler
    {
        private const string Users = "/graph/v1.0/users/";
        private const string InNoGroup =
            """{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)","value":[]}""";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath;
            if (path.StartsWith("/pager/", StringComparison.Ordinal))
                return Json(
                    request,
                    HttpStatusCode.Accepted,
                    """{"status":"success","message":"Event processed","dedup_key":"forgotten"}"""
                );
            if (path.StartsWith(Users, StringComparison.Ordinal))
            {
                var id = path[Users.Length..].Split('/')[0];
                if (path.EndsWith("/checkMemberGroups", StringComparison.Ordinal))
                    return Json(request, HttpStatusCode.OK, InNoGroup);
                if (request.Method == HttpMethod.Get && !side.changed.ContainsKey(id))
                    return Json(request, HttpStatusCode.OK, UserOf(id));
                await side.changed.GetOrAdd(id, user => tenant.AddUserAsync(user, "Robin Bench", $"{user}@contoso.example"));
            }
            return await base.SendAsync(request, cancellationToken);
        }

        private static string UserOf(string id) =>
            new JsonObject
            {
                ["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
                ["id"] = id,
                ["userPrincipalName"] = $"{id}@contoso.example",
                ["accountEnabled"] = true,
                ["onPremisesSyncEnabled"] = null,
                ["jobTitle"] = "",
            }.ToJsonString();

        private static HttpResponseMessage Json(HttpRequestMessage request, HttpStatusCode status, string body) =>
            new(status) { RequestMessage = request, Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }
}
