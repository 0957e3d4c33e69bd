namespace IRFunctions.Tests.Deploy;

/// <summary>bicep/ without Azure: what a parser and a few rules can see. Every rule is fed a broken copy once, to see it fail.</summary>
public sealed class BicepTests
{
    [Fact]
    public void Every_file_parses() => Assert.Empty(BicepRules.SyntaxErrors(Bicep.All.Values));

    [Fact]
    public void A_syntax_error_is_seen() =>
        Assert.NotEmpty(BicepRules.SyntaxErrors(Bicep.With("bicep/modules/vault.bicep", "param tags object", "param tags object {").Values));

    [Fact]
    public void Every_module_is_used() => Assert.Empty(BicepRules.UnusedModules(Bicep.All));

    [Fact]
    public void A_module_that_nothing_uses_is_seen() =>
        Assert.Contains(BicepRules.UnusedModules(Bicep.With("bicep/main.bicep", "module bot 'modules/bot.bicep'", "module bot 'modules/vault.bicep'")), p => p.Contains("bot.bicep", StringComparison.Ordinal));

    [Fact]
    public void Every_parameter_is_described() => Assert.Empty(BicepRules.Undescribed(Bicep.All.Values));

    [Fact]
    public void A_parameter_without_description_is_seen() =>
        Assert.Single(BicepRules.Undescribed(Bicep.With("bicep/modules/bot.bicep", "@description('Host name of the function app.')", "").Values));

    [Fact]
    public void Every_parameter_and_variable_is_used() => Assert.Empty(BicepRules.UnusedNames(Bicep.All.Values));

    [Fact]
    public void A_parameter_that_nothing_uses_is_seen() =>
        Assert.Contains(BicepRules.UnusedNames(Bicep.With("bicep/modules/bot.bicep", "https://${appHost}/api/messages", "https://example.org").Values), p => p.Contains("appHost", StringComparison.Ordinal));

    [Fact]
    public void Modules_are_given_what_they_ask_for_and_return_what_is_read() => Assert.Empty(BicepRules.ModuleCalls(Bicep.All));

    [Theory]
    [InlineData("    queue: messaging.outputs.queueName\n    vault", "    vault", "is not given queue")]
    [InlineData("    durableInStorage: !withScheduler", "    durableInStorage: true\n    more: 1", "is given more")]
    [InlineData("vault.outputs.signingKeyUri", "vault.outputs.keyUri", "no output keyUri")]
    public void A_wrong_module_call_is_seen(string old, string changed, string problem) =>
        Assert.Contains(BicepRules.ModuleCalls(Bicep.With("bicep/main.bicep", old, changed)), p => p.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void The_sample_parameters_fit() => Assert.Empty(BicepRules.Samples(Bicep.All));

    [Theory]
    [InlineData("param prefix = 'irtrial'", "param prefixes = 'irtrial'", "no parameter prefixes")]
    [InlineData("param prefix = 'irtrial'", "param prefix = 'incidentresponse'", "out of range")]
    [InlineData("'Standard_LRS'", "'Standard_LRS2'", "may not be")]
    [InlineData("param signInClientId = 'SIGN-IN-CLIENT-ID'", "", "does not give signInClientId")]
    [InlineData("param recordRetentionDays = 1", "param recordRetentionDays = 0", "out of range")]
    public void A_wrong_sample_is_seen(string old, string changed, string problem) =>
        Assert.Contains(BicepRules.Samples(Bicep.With("bicep/trial.bicepparam", old, changed)), p => p.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void Every_name_is_one_that_Azure_takes() => Assert.Empty(BicepRules.Names(Bicep.Main));

    [Theory]
    [InlineData("'${prefix}-kv-${suffix}'", "'${prefix}-keyvault-${suffix}'")]
    [InlineData("'${prefix}rec${suffix}'", "'${prefix}-rec${suffix}'")]
    [InlineData("@maxLength(10)", "@maxLength(16)")]
    public void A_name_that_Azure_refuses_is_seen(string old, string changed) =>
        Assert.NotEmpty(BicepRules.Names(Bicep.With("bicep/main.bicep", old, changed)["bicep/main.bicep"]));

    [Fact]
    public void No_key_works_and_none_is_read() => Assert.Empty(BicepRules.Keys(Bicep.All.Values));

    [Theory]
    [InlineData("bicep/modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true")]
    [InlineData("bicep/modules/messaging.bicep", "    disableLocalAuth: true\n", "")]
    [InlineData("bicep/modules/storage.bicep", "output name string = account.name", "output name string = account.listKeys().keys[0].value")]
    [InlineData("bicep/modules/storage.bicep", "output name string = account.name", "output name string = listKeys(account.id, '2024-01-01').keys[0].value")]
    public void A_key_is_seen(string file, string old, string changed) =>
        Assert.NotEmpty(BicepRules.Keys(Bicep.With(file, old, changed).Values));

    [Fact]
    public void Everything_is_tagged() => Assert.Empty(BicepRules.Untagged(Bicep.All.Values));

    [Fact]
    public void What_is_not_tagged_is_seen() =>
        Assert.Single(BicepRules.Untagged(Bicep.With("bicep/modules/vault.bicep", "  location: location\n  tags: tags\n", "  location: location\n").Values));

    [Fact]
    public void What_a_template_loads_is_there() =>
        Assert.All(Bicep.All.Values.SelectMany(f => f.Loads.Select(l => Path.Combine(Style.Sources.Root, Path.GetDirectoryName(f.Path)!, l))), path => Assert.True(File.Exists(path), path));
}
