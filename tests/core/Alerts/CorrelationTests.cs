using System.Security.Cryptography;
using System.Text;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

public sealed class CorrelationTests
{
    [Fact]
    public void The_incident_key_is_derived_from_tenant_and_incident()
    {
        var alert = Real.Alert(Real.GraphAlert());
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes("b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c\028282"));
        Assert.Equal("incident-" + Convert.ToHexStringLower(digest)[..32], Correlation.IncidentKey(alert));
    }

    [Fact]
    public void An_alert_without_an_incident_is_its_own()
    {
        var alert = Real.Alert(Real.Rows()[5]!);
        Assert.Null(alert.IncidentId);
        Assert.Equal(Correlation.IncidentKey(alert)["incident-".Length..], Correlation.AlertKey(alert)["alert-".Length..]);
    }

    [Fact]
    public void An_alert_and_its_incident_lead_to_one_response()
    {
        var incident = Real.GraphIncident();
        var member = incident["alerts"]![0]!.DeepClone();
        member["incidentId"] = incident["id"]!.GetValue<string>();
        Assert.Equal(Correlation.IncidentKey(Real.Alert(incident)), Correlation.IncidentKey(Real.Alert(member)));
        Assert.NotEqual(Correlation.AlertKey(Real.Alert(incident)), Correlation.AlertKey(Real.Alert(member)));
    }

    [Fact]
    public void An_incident_keeps_its_key_with_and_without_alerts_and_in_both_cases()
    {
        var file = Real.Data("incidents_list.json").AsObject();
        Assert.Single(file.Select(list => Correlation.IncidentKey(Real.Alert(list.Value!))).Distinct());
    }

    [Fact]
    public void A_sentinel_incident_keeps_its_key_in_the_trigger_and_by_itself() =>
        Assert.Equal(
            Correlation.IncidentKey(Real.Alert(Real.Data("incident_alerts_entities_comments.json")["incident"]!)),
            Correlation.IncidentKey(Real.Alert(Real.Sample("sentinel-incident-trigger.json")))
        );

    [Fact]
    public void A_sentinel_incident_from_defender_has_the_key_it_has_in_defender()
    {
        var trigger = Real.Data("incident_trigger_empty_relations.json");
        var properties = trigger["object"]!["properties"]!;
        properties["providerName"] = "Microsoft XDR";
        properties["providerIncidentId"] = "28282";
        properties["additionalData"]!["providerIncidentUrl"] =
            "https://security.microsoft.com/incidents/28282?tid=B3C1B5FC-828C-45fa-a1e1-10d74f6d6e9c";
        Assert.Equal(Correlation.IncidentKey(Real.Alert(Real.GraphAlert())), Correlation.IncidentKey(Real.Alert(trigger)));
    }

    [Fact]
    public void An_alert_has_one_key_as_a_table_row_and_from_the_sentinel_api()
    {
        var row = Real.Rows()[5]!.DeepClone();
        row["SystemAlertId"] = "8A2FE554-9e4e-8298-cd70-4159a5494b7e";
        row["TenantId"] = "c6c712b0-dc3d-4408-945a-4bde1db6579b";
        Assert.Equal(Correlation.AlertKey(Real.Alert(row)), Correlation.AlertKey(Real.Alert(Real.ArmAlert())));
    }

    [Fact]
    public void A_merged_incident_follows_the_one_that_survives()
    {
        var merged = Real.GraphIncident();
        merged["redirectIncidentId"] = "28282";
        Assert.Equal(Correlation.IncidentKey(Real.Alert(Real.GraphAlert())), Correlation.IncidentKey(Real.Alert(merged)));
    }

    [Fact]
    public void All_113_rows_have_keys_as_distinct_as_their_ids()
    {
        var alerts = Real.Rows().Select(row => Real.Alert(row!)).ToList();
        Assert.Equal(alerts.Select(alert => alert.Id).Distinct().Count(), alerts.Select(Correlation.AlertKey).Distinct().Count());
    }

    [Fact]
    public void Another_tenant_is_another_incident()
    {
        var other = Real.GraphAlert();
        other["tenantId"] = "c3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c";
        Assert.NotEqual(Correlation.IncidentKey(Real.Alert(Real.GraphAlert())), Correlation.IncidentKey(Real.Alert(other)));
    }
}
