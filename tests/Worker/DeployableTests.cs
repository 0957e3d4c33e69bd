using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IRFunctions.Tests.RealWorker;

/// <summary>What can be said of the deployable without starting it.</summary>
public sealed class DeployableTests
{
    private const BindingFlags Anything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static IReadOnlyList<(MethodInfo Method, FunctionAttribute Function)> Functions { get; } =
    [
        .. from type in typeof(Pipeline).Assembly.GetTypes()
        from method in type.GetMethods(Anything)
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        select (method, function),
    ];

    [Fact]
    public void The_built_metadata_is_exactly_the_expected_list() =>
        ExpectedFunctions.AssertSame(ExpectedFunctions.Read(Path.Combine(WorkerProcess.Folder, "functions.metadata")));

    [Fact]
    public void The_expected_list_has_every_function_once()
    {
        Assert.Equal(Functions.Select(f => f.Function.Name).Order(StringComparer.Ordinal), ExpectedFunctions.Names);
        // The host does not tell upper case from lower.
        Assert.Equal(86, ExpectedFunctions.Names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    /// <summary>
    /// The worker looks a function's method up by its name alone, public ones and inherited ones too; two of one name and no function of
    /// the type runs.
    /// </summary>
    [Fact]
    public void No_function_s_method_shares_its_name_within_its_type() =>
        Assert.Empty(Functions.Where(f => !IsFound(f.Method)).Select(f => $"{f.Method.DeclaringType}.{f.Method.Name} ({f.Function.Name})"));

    [Fact]
    public void The_check_of_names_fails_for_an_entity_that_hides_its_base_class_s_method() =>
        Assert.False(IsFound(typeof(HidingEntity).GetMethods().Single(m => m.DeclaringType == typeof(HidingEntity) && m.IsStatic)));

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public void The_container_validates_and_makes_every_class_with_functions(string environment)
    {
        var settings = new HostApplicationBuilderSettings { EnvironmentName = environment };
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings);
        builder.Configuration.AddInMemoryCollection(
            WorkerSettings
                .For(environment, new Uri("http://127.0.0.1:1/"), "UseDevelopmentStorage=true", Path.GetTempPath())
                .Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), (string?)s.Value))
        );
        builder.Services.AddLogging().AddAzure(builder.Configuration).AddPipeline(builder.Configuration);
        builder.ConfigureContainer(
            new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true })
        );
        using var host = builder.Build();
        using var invocation = host.Services.CreateScope();
        // Orchestrators and the dispatchers of entities are static functions: the worker makes no instance of their classes.
        foreach (var type in Functions.Select(f => f.Method).Where(m => !m.IsStatic).Select(m => m.DeclaringType!).Distinct())
            Assert.NotNull(ActivatorUtilities.CreateInstance(invocation.ServiceProvider, type));
    }

    private static bool IsFound(MethodInfo method)
    {
        try
        {
            return method.DeclaringType!.GetMethod(method.Name) == method;
        }
        catch (AmbiguousMatchException)
        {
            return false;
        }
    }

    /// <summary>How the entities once were: no entity ever ran.</summary>
    private sealed class HidingEntity : Microsoft.DurableTask.Entities.TaskEntity<int>
    {
        public static Task RunAsync(TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<HidingEntity>();
    }
}
