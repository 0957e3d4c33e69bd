using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>Small messages of each source, written with single quotes for legibility.</summary>
internal static class Written
{
    public const string OwnTenant = "00000000-0000-4000-8000-000000000001";

    public static string Quoted(string text) => text.Replace('\'', '"');

    /// <summary>A SecurityAlert row with these entities.</summary>
    public static Alert Row(params string[] entities) => RowWith("", entities);

    /// <summary>A SecurityAlert row with more columns ("'Status':'New',").</summary>
    public static Alert RowWith(string columns, params string[] entities)
    {
        var row = JsonNode.Parse(Quoted($"{{{columns}'SystemAlertId':'a1','TenantId':'w','AlertName':'n','AlertSeverity':'High'}}"))!;
        row["Entities"] ??= Quoted($"[{string.Join(',', entities)}]");
        return Real.Alert(row);
    }

    /// <summary>A Graph alert with these pieces of evidence, each without its braces: "user|'userAccount':{...}".</summary>
    public static Alert Graph(params string[] evidence) => GraphWith($"'evidence':[{string.Join(',', evidence.Select(Evidence))}]");

    public static Alert GraphWith(string fields) =>
        Read($"{{'@odata.type':'#microsoft.graph.security.alert','id':'g1','tenantId':'{OwnTenant}','title':'t',{fields}}}");

    /// <summary>A Sentinel incident's entities as ARM writes them: "Host|'hostName':'a'".</summary>
    public static Alert Arm(params string[] entities)
    {
        var list = entities.Select(
            (entity, index) =>
                $"{{'id':'/x/{index}','name':'n{index}','type':'Microsoft.SecurityInsights/Entities',"
                + $"'kind':'{entity.Split('|', 2)[0]}','properties':{{{entity.Split('|', 2)[1]}}}}}"
        );
        return Read(
            "{'id':'/subscriptions/s/x','name':'i1','type':'Microsoft.SecurityInsights/Incidents','properties':"
                + $"{{'title':'t','incidentNumber':1,'relatedEntities':[{string.Join(',', list)}]}}}}"
        );
    }

    public static string Evidence(string text) =>
        $"{{'@odata.type':'#microsoft.graph.security.{text.Split('|', 2)[0]}Evidence',{text.Split('|', 2)[1]}}}";

    public static Alert Read(string text)
    {
        var reading = Real.Read(Quoted(text));
        Assert.True(reading.IsAlert, reading.Explanation);
        return reading.Alert;
    }

    public static T The<T>(Alert alert)
        where T : Entity => Assert.Single(alert.Entities.OfType<T>());
}
