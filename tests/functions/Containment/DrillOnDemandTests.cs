using IRFunctions.Containment;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>A rollback drill when a person wants one, and when the policy's calendar says so.</summary>
public sealed class DrillOnDemandTests
{
    private const string Disable = "disable_user_account_temporarily";

    [Fact]
    public async Task A_responder_starts_it_with_a_reason_and_the_certificate_is_there_a_minute_later()
    {
        await using var world = await WorldAsync();
        Assert.Equal(403, await StartAsync(world, World.Adele, new { reason = "curious" }));
        Assert.Equal(400, await StartAsync(world, World.Alex, new { action = Disable }));
        Assert.Equal(404, await StartAsync(world, World.Alex, new { action = "block_ip_at_firewall", reason = "before the release" }));
        Assert.Equal(202, await StartAsync(world, World.Alex, new { action = Disable, reason = "before the release" }));
        Assert.Equal(202, await StartAsync(world, World.Alex, new { action = Disable, reason = "before the release" })); // joins
        await world.PassAsync(TimeSpan.FromMinutes(1));
        var certificate = Assert.Single(await CertificatesAsync(world));
        Assert.True(certificate.Passed, certificate.Text);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(ContainmentKinds.DrillAsked, await world.KindsAsync(DrillOrchestrator.Chain));
    }

    [Fact]
    public async Task The_policys_calendar_says_when_it_takes_place_by_itself()
    {
        await using var world = await WorldAsync("hours: [6, 18]\n  days: [monday]");
        await world.PassAsync(TimeSpan.FromHours(2)); // monday, 05:00
        Assert.Empty(await CertificatesAsync(world));
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.Single(await CertificatesAsync(world));
        await world.PassAsync(TimeSpan.FromHours(12));
        Assert.Equal(2, (await CertificatesAsync(world)).Count);
        await world.PassAsync(TimeSpan.FromDays(1)); // tuesday
        Assert.Equal(2, (await CertificatesAsync(world)).Count);
    }

    [Fact]
    public void Without_a_calendar_it_is_daily_at_four()
    {
        var four = new DateTimeOffset(2026, 11, 23, 4, 0, 0, TimeSpan.Zero);
        Assert.Equal(four, DrillCalendar.Default.DueAt(four.AddMinutes(30)));
        Assert.Equal(four, DrillCalendar.Default.DueAt(four.AddHours(2))); // the timer slept
        Assert.Null(DrillCalendar.Default.DueAt(four.AddHours(3)));
        Assert.Null(DrillCalendar.Default.DueAt(four.AddMinutes(-1)));
        Assert.Equal(DrillCalendar.Default.Hours, Shipped.Policy.Drills.Hours);
    }

    private static Task<World> WorldAsync(string? calendar = null) =>
        World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?>(o.Settings) { ["Drills:Targets"] = $"{Disable}=account:{World.Adele}" },
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name == "context.yaml" && calendar is not null
                                ? f with
                                {
                                    Text = f.Text.Replace("hours: [4]", calendar, StringComparison.Ordinal),
                                }
                                : f
                        ),
                    ],
            }
        );

    private static async Task<int?> StartAsync(World world, string by, object body)
    {
        var api = ActivatorUtilities.CreateInstance<DrillsApi>(world.Machine.Services);
        return Assert.IsAssignableFrom<ObjectResult>(await api.StartDrillsAsync(World.Request(by, body), world.Client, default)).StatusCode;
    }

    private static async Task<IReadOnlyList<DrillCertificate>> CertificatesAsync(World world) =>
        await world.Machine.Services.GetRequiredService<DrillCertificates>().ListAsync(100, _ => { }, default);
}
