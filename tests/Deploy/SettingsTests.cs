namespace IRFunctions.Tests.Deploy;

/// <summary>Code, sample and bicep agree on every setting; each disagreement is made once, to see it told.</summary>
[Collection(Deploy.Bicep.Collection)]
public sealed class SettingsTests(Bicep bicep)
{
    [Fact]
    public void Every_setting_is_read_explained_and_deployed() => Assert.Empty(Settings.Of(bicep.Shipped).Problems());

    [Fact]
    public void A_setting_that_only_the_code_knows_is_seen() =>
        Told(s => s with { Read = s.Read.Append("New__Setting").ToHashSet() }, "New__Setting is read by the code and not explained");

    [Fact]
    public void A_setting_that_only_the_sample_knows_is_seen()
    {
        Told(s => s with { Sample = s.Sample.Append("New__Setting").ToHashSet() }, "New__Setting is in Values and not explained");
        Told(
            s => s with { Explained = s.Explained.Append(new("Old__Setting", "Explained long after it was gone.")).ToDictionary() },
            "Old__Setting is explained and read by nothing"
        );
    }

    [Fact]
    public void A_setting_that_only_bicep_knows_is_seen() =>
        Told(s => s with { Bicep = s.Bicep.Append("New__Setting").ToHashSet() }, "New__Setting is set in bicep and not explained");

    [Theory]
    [InlineData("Tickets__Endpoint", "Tickets__Endpoint is explained and not set in bicep")]
    [InlineData("ServiceBus__fullyQualifiedNamespace", "ServiceBus__fullyQualifiedNamespace is explained and not set in bicep")]
    public void A_setting_that_bicep_forgot_is_seen(string name, string problem) =>
        Told(s => s with { Bicep = s.Bicep.Where(n => n != name).ToHashSet() }, problem);

    [Fact]
    public void A_setting_that_is_renamed_in_bicep_alone_is_seen() =>
        Assert.Equal(
            ["Tickets__Address is set in bicep and not explained", "Tickets__Endpoint is explained and not set in bicep"],
            Settings.Of(bicep.With("bicep/modules/app.bicep", "Tickets__Endpoint:", "Tickets__Address:")).Problems()
        );

    [Fact]
    public void A_key_of_a_model_is_never_deployed() =>
        Told(
            s => s with { Bicep = s.Bicep.Append("Model__ApiKey").ToHashSet() },
            "Model__ApiKey is for this machine only, yet set in bicep"
        );

    [Theory]
    [InlineData("""var x = configuration["Place:Thing"];""", "Place__Thing")]
    [InlineData("""builder.Configuration["Place:Thing"]""", "Place__Thing")]
    [InlineData("""new Uri(Setting(configuration, "Place:Thing"))""", "Place__Thing")]
    [InlineData("""[ActionHttpClient(Arm, Setting = "Place:Thing", SignsIn = true)]""", "Place__Thing")]
    [InlineData("""var section = configuration.GetSection("Place"); var t = section["Thing"];""", "Place__Thing")]
    [InlineData("""var section = configuration.GetSection("Place"); ReadNumber(section, "Thing", 1, 2);""", "Place__Thing")]
    [InlineData("""[ServiceBusTrigger("%AlertsQueue%", Connection = "Bus")]""", "AlertsQueue")]
    [InlineData("""[ServiceBusTrigger("alerts", Connection = "Bus")]""", "Bus__fullyQualifiedNamespace")]
    public void What_the_code_reads_is_found(string source, string name) => Assert.Contains(name, Settings.ReadBy(source));

    private void Told(Func<Settings, Settings> mistake, string problem) =>
        Assert.Contains(mistake(Settings.Of(bicep.Shipped)).Problems(), p => p.StartsWith(problem, StringComparison.Ordinal));
}
