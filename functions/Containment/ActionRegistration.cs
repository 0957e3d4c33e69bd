using System.Reflection;
using Azure.Core;
using IRFunctions.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Containment;

/// <summary>Finds every action of this assembly and registers it with the HTTP clients that it declares.</summary>
public static class ActionRegistration
{
    /// <summary>Every action that can be made, by name.</summary>
    private static readonly Type[] Actions =
    [
        .. typeof(IContainmentAction)
            .Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IContainmentAction)))
            .OrderBy(t => t.FullName, StringComparer.Ordinal),
    ];

    /// <summary>What the actions declare; two that name the same client share it.</summary>
    public static IReadOnlyList<ActionHttpClientAttribute> HttpClients { get; } = ClientsOf(Actions);

    /// <summary>Setting with the base address of a client, in configuration's spelling; it goes before everything else.</summary>
    public static string AddressSetting(string client) => $"Actions:{client}:Address";

    /// <param name="more">Actions of other assemblies: a test compiles the template and adds it so.</param>
    internal static IServiceCollection AddDiscoveredActions(
        this IServiceCollection services,
        IConfiguration configuration,
        params Type[] more
    )
    {
        var types = more.Length > 0 ? more : Actions;
        foreach (var type in types)
            services.AddSingleton(s => (IContainmentAction)(s.GetService(type) ?? ActivatorUtilities.CreateInstance(s, type)));
        foreach (var client in more.Length > 0 ? ClientsOf(more) : HttpClients)
            AddClient(services, client, configuration);
        return services;
    }

    private static ActionHttpClientAttribute[] ClientsOf(IEnumerable<Type> types) =>
        [.. types.SelectMany(t => t.GetCustomAttributes<ActionHttpClientAttribute>()).DistinctBy(c => c.Name)];

    private static void AddClient(IServiceCollection services, ActionHttpClientAttribute client, IConfiguration configuration)
    {
        var builder = services.AddHttpClient(
            client.Name,
            http =>
            {
                http.BaseAddress = AddressOf(client, configuration);
                http.Timeout = TimeSpan.FromSeconds(client.TimeoutSeconds);
            }
        );
        foreach (var handler in client.Handlers)
            builder.AddHttpMessageHandler(s => (DelegatingHandler)ActivatorUtilities.CreateInstance(s, handler));
        if (client.SignsIn)
            builder.AddHttpMessageHandler(s => new BearerHandler(
                s.GetRequiredService<TokenCredential>(),
                TokenScopes.Of(AddressOf(client, configuration))
            ));
        // Held by actions, which live as long as the process: the factory's handlers renew their connections by themselves.
        builder.AddAsKeyed(ServiceLifetime.Singleton);
    }

    /// <exception cref="InvalidOperationException">Nothing gives the address; the message names the setting.</exception>
    private static Uri AddressOf(ActionHttpClientAttribute client, IConfiguration configuration)
    {
        foreach (
            var value in new[]
            {
                configuration[AddressSetting(client.Name)],
                client.Setting is { } s ? configuration[s] : null,
                client.Address,
            }
        )
            if (value is { Length: > 0 })
                return new Uri(value);
        var missing = (client.Setting ?? AddressSetting(client.Name)).Replace(":", "__", StringComparison.Ordinal);
        throw new InvalidOperationException($"The setting {missing} is missing. local.settings.sample.json explains every setting.");
    }
}
