using System.Reflection;
using IRFunctions.Decisions;
using IRFunctions.Directory.Signals;
using IRFunctions.Incidents;
using IRFunctions.Policies;
using IRFunctions.Tests.Style;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Signals;

/// <summary>
/// No fact of the policy without a source: every fact, signal, identity type and check that a policy may use, with the code of functions/
/// that fills it. What nothing fills is dead, and fails here. Tests and local/ do not count as sources.
/// </summary>
public sealed class VocabularyTests(ITestOutputHelper output)
{
    private static readonly (string Path, string Text)[] Product = [.. Sources.Under("functions").Select(f => (f.Path, f.Text))];

    /// <summary>Records that the decision reads, from the root.</summary>
    private static readonly Type[] Facts = [.. RecordsOf(typeof(Facts), [])];

    public static TheoryData<string> EveryFact =>
        [
            .. Facts.SelectMany(t =>
                t.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                    .Where(p =>
                        p.SetMethod is not null
                        && p.GetCustomAttribute<System.Text.Json.Serialization.JsonIgnoreAttribute>()?.Condition
                            is null
                                or not System.Text.Json.Serialization.JsonIgnoreCondition.Always
                    )
                    .Select(p => $"{t.Name}.{p.Name}")
            ),
        ];

    public static TheoryData<IdentityType> EveryType => [.. Enum.GetValues<IdentityType>()];

    [Theory]
    [MemberData(nameof(EveryFact))]
    public void Every_fact_is_filled_by_code_of_the_product(string fact)
    {
        var (type, property) = (fact.Split('.')[0], fact.Split('.')[1]);
        var fillers = Product.Where(f => Fills(f.Text, type, property)).Select(f => f.Path).ToList();
        output.WriteLine($"{fact}: {string.Join(", ", fillers)}");
        Assert.True(fillers.Count > 0, $"nothing in functions/ fills {fact}");
    }

    [Theory]
    [MemberData(nameof(EveryType))]
    public void Every_identity_type_is_said_by_directory_or_registration(IdentityType type)
    {
        var named = Product
            .Where(f =>
                f.Path.StartsWith("functions/Directory/", StringComparison.Ordinal)
                || f.Path.StartsWith("functions/Incidents/", StringComparison.Ordinal)
            )
            .Where(f => Mentions(f.Text, type))
            .Select(f => f.Path)
            .ToList();
        // A registration gives its own type, which the policy's reader has to know.
        var registered = RegisteredTypes().Contains(type);
        output.WriteLine($"{type}: {string.Join(", ", named)}{(registered ? " and a registration in identities.yaml" : "")}");
        Assert.True(named.Count > 0 || registered, $"nothing says that something is {type}");
    }

    [Fact]
    public async Task Every_signal_that_a_policy_may_name_has_a_registered_source()
    {
        await using var world = await World.CreateAsync();
        var sources = world.Machine.Services.GetRequiredService<SignalReader>().Sources;
        foreach (var name in SignalNames.All)
        {
            var of = sources.Where(s => s.Fills.Contains(name)).ToList();
            output.WriteLine($"{name}: {string.Join("; ", of.Select(s => $"{s.GetType().Name} ({s.Name}; {s.Cost}; {s.Permission})"))}");
            Assert.True(of.Count > 0, $"no source fills {name}");
        }
        // The shipped policy weighs each of them, and the loader lets nobody name another.
        Assert.Equal(
            SignalNames.All.Order(StringComparer.Ordinal),
            world.Machine.Policy.Threshold.SignalOrder.Select(s => s.Name).Order(StringComparer.Ordinal)
        );
        Assert.All(sources, s => Assert.All(s.Fills, f => Assert.Contains(f, SignalNames.All.Append(SignalNames.SharedUse))));
        Assert.All(sources, s => Assert.NotEmpty(s.Cost));
    }

    [Fact]
    public async Task The_page_names_every_source_and_every_signal()
    {
        await using var world = await World.CreateAsync();
        var page = File.ReadAllText(Path.Combine(Sources.Root, "docs", "signals.md"));
        foreach (var source in world.Machine.Services.GetRequiredService<SignalReader>().Sources)
            Assert.Contains($"| `{source.GetType().Name}` |", page, StringComparison.Ordinal);
        Assert.All(SignalNames.All, name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
        Assert.All(PolicyWords.IdentityTypes.Keys, type => Assert.Contains($"`{type}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void A_signal_that_nothing_fills_is_refused_by_the_loader()
    {
        var files = Policies.Shipped.Files.Select(f =>
            f.Name == "threshold.yaml"
                ? f with
                {
                    Text = f.Text.Replace("  tool_chaining:", "  tool_chainings:", StringComparison.Ordinal),
                }
                : f
        );
        var error = Assert.Single(PolicyLoader.Load([.. files], Policies.Shipped.Catalogue, Policies.Shipped.Today).Errors);
        Assert.Contains("no code fills the signal 'tool_chainings'", error.Problem, StringComparison.Ordinal);
        Assert.Equal("tool_chaining", error.Intent);
    }

    [Fact]
    public async Task Every_context_check_of_the_shipped_policy_is_answered_by_code()
    {
        await using var world = await World.CreateAsync();
        var answers = world.Machine.Services.GetRequiredService<ContextAnswers>();
        foreach (var check in world.Machine.Policy.Checks.Keys)
            Assert.True(answers.Checks.Contains(check), $"nothing answers the check {check}");
    }

    [Theory]
    [InlineData("var x = new IdentityFacts { Shared = true };", true)]
    [InlineData("var x = y with { Shared = true };", true)]
    [InlineData("var x = facts.Shared;", false)]
    [InlineData("var x = new IdentityFacts { };", false)]
    public void The_check_has_teeth(string code, bool fills) =>
        Assert.Equal(fills, Fills($"class X {{ void M() {{ {code} }} }}", nameof(IdentityFacts), nameof(IdentityFacts.Shared)));

    /// <summary>
    /// Whether the code sets the property: in an initializer, in a `with`, or by the constructor of a positional record.
    /// </summary>
    private static bool Fills(string text, string type, string property)
    {
        if (!text.Contains(property, StringComparison.Ordinal) && !text.Contains($"new {type}(", StringComparison.Ordinal))
            return false;
        var root = Sources.Parse(text);
        var assigned = root.DescendantNodes()
            .OfType<InitializerExpressionSyntax>()
            .Where(i =>
                (i.Parent is WithExpressionSyntax && IsUnique(property))
                || (i.Parent is ObjectCreationExpressionSyntax made && made.Type.ToString() == type)
                || (i.Parent is ImplicitObjectCreationExpressionSyntax && text.Contains(type, StringComparison.Ordinal))
            )
            .SelectMany(i => i.Expressions.OfType<AssignmentExpressionSyntax>())
            .Any(a => a.Left.ToString() == property);
        return assigned
            || root.DescendantNodes()
                .OfType<ObjectCreationExpressionSyntax>()
                .Any(c => c.Type.ToString() == type && Constructs(c, type, property));
    }

    /// <summary>Where several kinds of facts have a property of this name, `with` does not tell of which it is.</summary>
    private static bool IsUnique(string property) => Facts.Count(t => t.GetProperty(property) is not null) == 1;

    private static bool Constructs(ObjectCreationExpressionSyntax creation, string type, string property)
    {
        var parameters = Facts
            .First(t => t.Name == type)
            .GetConstructors()
            .Select(c => c.GetParameters())
            .FirstOrDefault(p => p.Any(x => x.Name == property));
        if (parameters is null || creation.ArgumentList is not { } given)
            return false;
        var place = Array.FindIndex(parameters, p => p.Name == property);
        return given.Arguments.Any(a => a.NameColon?.Name.ToString() == property)
            || (given.Arguments.Count > place && given.Arguments.Take(place + 1).All(a => a.NameColon is null));
    }

    private static bool Mentions(string text, IdentityType type) =>
        Sources.Parse(text).DescendantNodes().OfType<MemberAccessExpressionSyntax>().Any(a => a.ToString() == $"IdentityType.{type}");

    private static List<IdentityType> RegisteredTypes()
    {
        var known = new List<IdentityType>();
        foreach (var (word, type) in PolicyWords.IdentityTypes)
        {
            var files = Policies.Shipped.Files.Select(f =>
                f.Name == "identities.yaml"
                    ? f with
                    {
                        Text = f.Text.Replace("    type: ai_agent\n", $"    type: {word}\n", StringComparison.Ordinal),
                    }
                    : f
            );
            if (PolicyLoader.Load([.. files], Policies.Shipped.Catalogue, Policies.Shipped.Today).Ok)
                known.Add(type);
        }
        return known;
    }

    /// <summary>Facts and every record of core/Decisions that it holds.</summary>
    private static IEnumerable<Type> RecordsOf(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type))
            yield break;
        yield return type;
        foreach (var part in type.GetProperties().SelectMany(p => Parts(p.PropertyType)))
            if (part.Namespace == typeof(Facts).Namespace && part is { IsClass: true } && part != typeof(Target))
                foreach (var found in RecordsOf(part, seen))
                    yield return found;
    }

    private static Type[] Parts(Type type) => type.IsGenericType ? type.GetGenericArguments() : [type];
}
