using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.OperatorConsole;

/// <summary>The console's parts; internal, since nobody else makes pages.</summary>
internal static class ConsoleServices
{
    public static IServiceCollection AddConsole(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(
            new ConsoleSignIn(
                configuration["Console:SignIn"] is { Length: > 0 } page ? page : "/.auth/login/aad?post_login_redirect_uri=",
                configuration["Console:SignOut"] is { Length: > 0 } end ? end : "/.auth/logout?post_logout_redirect_uri=/"
            )
        );
        services.TryAddSingleton<WaitingList>();
        services.TryAddSingleton<WaitingPart>();
        services.TryAddSingleton<EffectList>();
        services.TryAddSingleton<EffectsPart>();
        services.TryAddSingleton<IncidentBoard>();
        services.TryAddSingleton<StopView>();
        services.TryAddSingleton<Shell>();
        services.TryAddSingleton<ConsoleViews>();
        // In the order of the navigation.
        services.AddSingleton<ConsoleView, HomeView>();
        services.AddSingleton<ConsoleView, EffectsView>();
        services.AddSingleton<ConsoleView, IncidentsView>();
        services.AddSingleton<ConsoleView, IdentitiesView>();
        services.AddSingleton<ConsoleView, RehearsalsView>();
        services.AddSingleton<ConsoleView, OnCallView>();
        services.AddSingleton<ConsoleView, PolicyView>();
        services.AddSingleton<ConsoleView, RecordView>();
        services.AddSingleton<ConsoleView, RequestView>();
        services.AddSingleton<ConsoleView, IncidentView>();
        services.AddSingleton<ConsoleView, AttackView>();
        services.AddSingleton<ConsoleView>(s => s.GetRequiredService<StopView>());
        return services;
    }

    public static (Shell Shell, ConsoleViews Views) Of(IServiceProvider services) =>
        (services.GetRequiredService<Shell>(), services.GetRequiredService<ConsoleViews>());
}
