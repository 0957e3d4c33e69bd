using IRFunctions.Incidents;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// Alerts of a tenant that is not ours: told or refused, by policy, and never acted on (second half of kind 9 of the attack on the
/// pipeline: fifty alerts of fifty tenants ran fifty effects).
/// </summary>
public sealed class ForeignTenantTests
{
    private const string Ours = "00000000-0000-4000-8000-00000000aaaa";
    private const string Theirs = "11111111-2222-4333-8444-555555555555";

    private static Task<World> WorldAsync(string rule) =>
        World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?> { ["Pipeline:OwnTenants"] = $"{Ours}, 802d39e1-9d70-404d-832c-2de5e2478eda" },
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name == "threshold.yaml"
                                ? f with
                                {
                                    Text = f.Text.Replace("foreign_tenant: tell", $"foreign_tenant: {rule}", StringComparison.Ordinal),
                                }
                                : f
                        ),
                    ],
            }
        );

    private static async Task SendAsync(World world, string tenant, string id = "t-1")
    {
        var alert = Given.MaliciousAddress(id);
        alert["TenantId"] = tenant;
        await world.SendAsync(alert);
        await world.RunAsync();
    }

    [Fact]
    public async Task Where_they_are_told_nothing_acts_and_people_have_a_ticket_and_a_page()
    {
        await using var world = await WorldAsync("tell");
        await SendAsync(world, Theirs);
        Assert.Empty(world.Effects("watchlistItem.put"));
        Assert.Empty(await world.ContainmentsAsync());
        Assert.Empty(await world.PendingAsync());
        Assert.NotEmpty(world.Effects("ticket.create"));
        Assert.Contains(world.Pages(), p => p.Length > 0);
        var incident = Assert.Single(await world.IncidentsAsync());
        var record = await world.RecordAsync(incident.Incident);
        Assert.Contains(record, e => e.Kind == "decided" && e.Data!.Contains("foreign-tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_they_are_refused_they_go_to_the_dead_letters_with_the_reason()
    {
        await using var world = await WorldAsync("refuse");
        await SendAsync(world, Theirs);
        var dead = Assert.Single(world.Machine.Alerts.PeekDeadLetters());
        Assert.Equal(AlertReception.ForeignTenant, dead.DeadLetterReason);
        Assert.Contains(Theirs, dead.DeadLetterErrorDescription, StringComparison.Ordinal);
        Assert.Empty(await world.IncidentsAsync());
        await SendAsync(world, Ours.ToUpperInvariant(), "t-2");
        Assert.Single(await world.IncidentsAsync());
    }

    [Theory]
    [InlineData("tell")]
    [InlineData("refuse")]
    public async Task What_is_ours_goes_its_way(string rule)
    {
        await using var world = await WorldAsync(rule);
        await SendAsync(world, Ours);
        Assert.Empty(world.Machine.Alerts.PeekDeadLetters());
        Assert.NotEmpty(await world.ContainmentsAsync());
    }
}
