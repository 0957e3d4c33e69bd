namespace IRFunctions.Tests.Deploy;

/// <summary>bicep/ by its own compiler, without Azure. Every rule is fed a broken copy once, to see it fail.</summary>
[Collection(Bicep.Collection)]
public sealed class BicepTests(Bicep bicep)
{
    [Fact]
    public void Every_file_builds_and_lints_without_a_warning()
    {
        var files = bicep.Shipped.Files("*.bicep").Concat(bicep.Shipped.Files("*.bicepparam")).ToList();
        string[] some = ["bicep/main.bicep", "bicep/modules/app.bicep", "bicep/trial.bicepparam", "bicep/production.bicepparam"];
        Assert.All(some, f => Assert.Contains(f, files));
        var findings = files.SelectMany(bicep.Shipped.Findings).Distinct().ToList();
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    /// <summary>Codes are the compiler's (BCP...) or its linter's. no-unused-params is an error because bicepconfig.json says so.</summary>
    [Theory]
    [InlineData("bicep/modules/vault.bicep", "param tags object", "param tags object {", "Error BCP008")]
    [InlineData("bicep/modules/bot.bicep", "https://${appHost}/api/messages", "https://example.org", "Error no-unused-params")]
    [InlineData("bicep/modules/app.bicep", "var azureCli =", "var more = 1\nvar azureCli =", "Error no-unused-vars")]
    [InlineData(
        "bicep/modules/app.bicep",
        "${environment().authentication.loginEndpoint}",
        "https://login.microsoftonline.com/",
        "Warning no-hardcoded-env-urls"
    )]
    [InlineData("bicep/modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: 'no'", "Warning BCP036")]
    [InlineData("bicep/modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeys: false", "Warning BCP037")]
    [InlineData("bicep/modules/app.bicep", "serverfarms@2024-11-01", "serverfarms@2024-11-31", "Warning BCP081")]
    [InlineData(
        "bicep/modules/storage.bicep",
        "output name string = account.name",
        "output name string = account.listKeys().keys[0].value",
        "Error outputs-should-not-contain-secrets"
    )]
    [InlineData("bicep/modules/playbook.bicep", "sentinel-alert.json", "gone.json", "Error BCP091")]
    [InlineData("bicep/main.bicep", "    queue: messaging.outputs.queueName\n    vault", "    vault", "Error BCP035")]
    [InlineData("bicep/main.bicep", "    durableInStorage: !withScheduler", "    durableInStorage: true\n    more: 1", "Error BCP037")]
    [InlineData("bicep/main.bicep", "vault.outputs.signingKeyUri", "vault.outputs.keyUri", "Error BCP053")]
    [InlineData("bicep/main.bicep", "modules/bot.bicep", "modules/gone.bicep", "Error BCP091")]
    [InlineData("bicep/trial.bicepparam", "param prefix = 'irtrial'", "param prefixes = 'irtrial'", "Error BCP259")]
    [InlineData("bicep/trial.bicepparam", "param prefix = 'irtrial'", "param prefix = 'incidentresponse'", "Error BCP332")]
    [InlineData("bicep/trial.bicepparam", "'Standard_LRS'", "'Standard_LRS2'", "Error BCP033")]
    [InlineData("bicep/trial.bicepparam", "param signInClientId = 'SIGN-IN-CLIENT-ID'", "", "Error BCP258")]
    [InlineData("bicep/trial.bicepparam", "param recordRetentionDays = 1", "param recordRetentionDays = 0", "Error BCP328")]
    public void A_mistake_is_told_with_its_place(string file, string old, string changed, string told) =>
        Assert.Contains(bicep.With(file, old, changed).Findings(file), f => f.Path == file && $"{f.Level} {f.Code}" == told && f.Line > 0);

    [Theory]
    [InlineData("bicep/trial.bicepparam")]
    [InlineData("bicep/production.bicepparam")]
    public void A_sample_filled_in_makes_an_app(string sample)
    {
        var deployed = bicep.Shipped.Deploy(sample);
        Assert.Empty(deployed.Complaints);
        Assert.Single(deployed.Of("Microsoft.Web/sites"));
    }

    [Fact]
    public void Every_file_is_used_and_none_comes_from_elsewhere() => Assert.Empty(BicepRules.Strays(bicep.Shipped));

    [Fact]
    public void A_module_that_nothing_uses_is_seen() =>
        Assert.Equal(
            ["bicep/modules/bot.bicep is used by nothing"],
            BicepRules.Strays(bicep.With("bicep/main.bicep", "module bot 'modules/bot.bicep'", "module bot 'modules/vault.bicep'"))
        );

    [Fact]
    public void Every_parameter_is_described() => Assert.Empty(BicepRules.Undescribed(bicep.Shipped));

    [Fact]
    public void A_parameter_without_description_is_seen() =>
        Assert.Equal(
            ["bicep/modules/bot.bicep: appHost has no description"],
            BicepRules.Undescribed(bicep.With("bicep/modules/bot.bicep", "@description('Host name of the function app.')", ""))
        );

    [Fact]
    public void Every_name_is_one_that_Azure_takes() => Assert.Empty(BicepRules.Names(bicep.Shipped));

    [Theory]
    [InlineData("'${prefix}-kv-${suffix}'", "'${prefix}-keyvault-${suffix}'", "Microsoft.KeyVault/vaults")]
    [InlineData("'${prefix}rec${suffix}'", "'${prefix}-rec${suffix}'", "Microsoft.Storage/storageAccounts")]
    [InlineData("@maxLength(10)", "@maxLength(16)", "Microsoft.Storage/storageAccounts")]
    public void A_name_that_Azure_refuses_is_seen(string old, string changed, string type) =>
        Assert.Contains(BicepRules.Names(bicep.With("bicep/main.bicep", old, changed)), p => p.StartsWith(type, StringComparison.Ordinal));

    [Fact]
    public void No_key_works_and_none_is_read() => Assert.Empty(BicepRules.Keys(bicep.Shipped));

    [Theory]
    [InlineData("bicep/modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess")]
    [InlineData("bicep/modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: !publicAccess", "SharedKey")]
    [InlineData("bicep/modules/messaging.bicep", "    disableLocalAuth: true\n", "", "disableLocalAuth")]
    [InlineData("bicep/modules/storage.bicep", "'StorageWrite'", "account.listKeys().keys[0].value", "listKeys")]
    [InlineData("bicep/modules/storage.bicep", "'StorageWrite'", "listKeys(account.id, '2024-01-01').keys[0].value", "listKeys")]
    public void A_key_is_seen(string file, string old, string changed, string problem) =>
        Assert.Contains(BicepRules.Keys(bicep.With(file, old, changed)), p => p.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void Everything_is_tagged() => Assert.Empty(BicepRules.Untagged(bicep.Shipped));

    [Fact]
    public void What_is_not_tagged_is_seen()
    {
        var broken = bicep.With("bicep/modules/alerts.bicep", "  tags: tags\n  kind: 'LogAlert'", "  kind: 'LogAlert'");
        Assert.StartsWith("bicep/modules/alerts.bicep: ", Assert.Single(BicepRules.Untagged(broken)), StringComparison.Ordinal);
    }
}
