using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Every evidence type of Graph v1.0 and beta, from its published metadata (tests/data/graph/evidence-types.json): each has a name that
/// people understand, and a target where something of it can be acted on.
/// </summary>
public sealed class EvidenceTypeTests
{
    private const string Id = "11118379-2a59-1111-ac3c-a51eb4a3c627";
    private static readonly JsonNode Facts = JsonNode.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "graph", "evidence-types.json"))
    )!;

    /// <summary>The kinds of target of the types that can be acted on; of a cluster's messages it is not said whose they are.</summary>
    private static readonly Dictionary<string, string[]> Targeted = new(StringComparer.Ordinal)
    {
        ["analyzedMessageEvidence"] = ["mailMessage", "mailbox"],
        ["cloudLogonSessionEvidence"] = ["account"],
        ["deviceEvidence"] = ["host"], // who is logged on has a name only
        ["dnsEvidence"] = ["ip"],
        ["hostLogonSessionEvidence"] = ["account", "host"],
        ["ipEvidence"] = ["ip"],
        ["mailboxConfigurationEvidence"] = ["account", "mailbox"],
        ["mailboxEvidence"] = ["account", "mailbox"],
        ["networkConnectionEvidence"] = ["ip"],
        ["oauthApplicationEvidence"] = ["application"],
        ["processEvidence"] = ["account"],
        ["servicePrincipalEvidence"] = ["application"],
        ["submissionMailEvidence"] = ["mailbox"],
        ["userEvidence"] = ["account"],
        ["malwareEvidence"] = ["account"], // of the processes in it
    };

    public static TheoryData<string> Types => [.. Facts["types"]!.AsObject().Select(type => type.Key)];

    [Fact]
    public void Both_versions_of_graph_have_the_same_48_types()
    {
        Assert.Equal(48, Types.Count);
        Assert.All(
            Facts["types"]!.AsObject(),
            type =>
                Assert.Equal(
                    type.Value!["v1.0"]!.AsObject().Select(p => p.Key).Order(),
                    type.Value["beta"]!.AsArray().Select(p => p!.GetValue<string>()).Order()
                )
        );
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void An_evidence_type_has_a_name_people_understand(string type)
    {
        foreach (var evidence in new[] { Sample(type, 0), Bare(type) })
        {
            var alert = Alert(evidence);
            Assert.NotEmpty(alert.Entities);
            Assert.All(
                alert.Entities,
                entity =>
                {
                    Assert.DoesNotContain("#microsoft", entity.Display, StringComparison.OrdinalIgnoreCase);
                    Assert.DoesNotContain("Evidence", entity.Display, StringComparison.Ordinal);
                    Assert.DoesNotContain("Evidence", (entity as OtherEntity)?.Type ?? "", StringComparison.Ordinal);
                    Assert.NotEqual("unknown", entity.Display);
                }
            );
        }
        // A full one is named after itself, not after its kind.
        var first = Alert(Sample(type, 0)).Entities[0];
        Assert.True(first is not OtherEntity other || other.Display != other.Type, first.Display);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_can_be_acted_on_in_an_evidence_type_is_a_target(string type)
    {
        var alert = Alert(Sample(type, 0));
        Assert.Equal(Targeted.GetValueOrDefault(type) ?? [], Targets.OfAll(alert).Select(target => target.Kind).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Verdict_and_roles_of_an_evidence_type_are_kept(string type)
    {
        var first = Alert(Sample(type, 0)).Entities[0];
        Assert.Equal(("malicious", "attacker"), (first.SourceVerdict, Assert.Single(first.Roles)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_things_own_address_is_never_a_target(string type)
    {
        var own = Alert(Sample(type, 0)).Entities.OfType<IpEntity>().Where(ip => ip.Address.StartsWith("10.", StringComparison.Ordinal));
        Assert.Empty(own);
    }

    private static Alert Alert(JsonNode evidence)
    {
        var message = JsonNode.Parse(
            $$"""{"@odata.type":"#microsoft.graph.security.alert","id":"1","title":"t","tenantId":"{{Written.OwnTenant}}"}"""
        )!;
        message["evidence"] = new JsonArray(evidence);
        return Real.Alert(message);
    }

    /// <summary>An evidence with its type and nothing else: some sources send what they have.</summary>
    private static JsonObject Bare(string type) => new() { ["@odata.type"] = $"#microsoft.graph.security.{type}" };

    /// <summary>An evidence with a value for every property of the metadata.</summary>
    private static JsonObject Sample(string type, int depth)
    {
        var evidence = Bare(type);
        evidence["verdict"] = "malicious";
        evidence["roles"] = new JsonArray("attacker");
        evidence["remediationStatus"] = "none";
        foreach (var (name, written) in Facts["types"]![type]!["v1.0"]!.AsObject())
        {
            var kind = written!.GetValue<string>();
            var isList = kind.StartsWith('[');
            if (Value(name, kind.Trim('[', ']'), depth) is { } value)
                evidence[name] = isList ? new JsonArray(value) : value;
        }
        return evidence;
    }

    private static JsonNode? Value(string name, string kind, int depth)
    {
        if (Facts["types"]![kind] is not null)
            return depth > 1 || kind == "activeDirectoryDomainEvidence" ? null : Nested(name, kind, depth + 1);
        if (Facts["complex"]![kind] is JsonObject properties)
        {
            var value = new JsonObject();
            foreach (var (inner, written) in properties)
                value[inner] = Value(inner, written!.GetValue<string>().Trim('[', ']'), depth + 1);
            return value;
        }
        return kind switch
        {
            "String" or "Guid" => Text(name),
            "Int64" or "Int32" => 7,
            "Double" => 7.5,
            "Boolean" => true,
            "DateTimeOffset" => "2026-01-02T03:04:05Z",
            _ => null,
        };
    }

    /// <summary>A nested one; what is the thing's own address is a private one, what it talked to a public one.</summary>
    private static JsonObject Nested(string name, string kind, int depth)
    {
        var value = Sample(kind, depth);
        if (kind == "ipEvidence")
            value["ipAddress"] = name is "sourceAddress" or "destinationAddress" or "ipAddresses" ? "203.0.113.9" : "10.0.0.9";
        return value;
    }

    private static string Text(string name) =>
        name switch
        {
            "tenantId" => Written.OwnTenant,
            "ipAddress" or "senderIp" or "senderIP" => "203.0.113.7",
            "lastIpAddress" or "lastExternalIpAddress" or "ipInterfaces" => "10.0.0.7",
            "mdeDeviceId" => "73e7e2de709dff64ef64b1d0c30e67fab63279db",
            "sha256" or "value" => new string('a', 64),
            "sha1" => new string('b', 40),
            "userSid" or "sid" => "S-1-5-21-1-2-3-1104",
            "userPrincipalName" or "upn" or "recipientEmailAddress" or "recipient" or "primaryAddress" or "mailboxPrimaryAddress" =>
                "a@c.example",
            "internetMessageId" => "<1@bad.example>",
            "resourceId" =>
                "/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/s",
            "url" or "urls" => "https://bad.example/a",
            _ when name.EndsWith("Id", StringComparison.Ordinal) || name.EndsWith("Ids", StringComparison.Ordinal) => Id,
            _ when name.EndsWith("Guid", StringComparison.Ordinal) => Id,
            _ => $"some {name}",
        };
}
