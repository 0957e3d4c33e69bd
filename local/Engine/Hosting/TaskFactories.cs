using Microsoft.DurableTask.Worker.Hosting;
using Microsoft.Extensions.Hosting;

namespace IRFunctions.Local.Engine.Hosting;

/// <summary>Makes a factory of a registry the way the official builder does, which is the only public way.</summary>
public static class TaskFactories
{
    /// <summary>For tasks that need no services.</summary>
    public static IServiceProvider NoServices { get; } = new ServiceCollection().BuildServiceProvider();

    public static IDurableTaskFactory From(Action<DurableTaskRegistry> addTasks)
    {
        var services = new ServiceCollection();
        services.AddDurableTaskWorker(b => b.AddTasks(addTasks).UseBuildTarget<Catcher>());
        using var provider = services.BuildServiceProvider();
        return ((Catcher)provider.GetRequiredService<IHostedService>()).Caught;
    }

    /// <summary>A worker that only tells what factory it was given.</summary>
    private sealed class Catcher(string? name, IDurableTaskFactory factory) : DurableTaskWorker(name, factory)
    {
        public IDurableTaskFactory Caught => Factory;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }
}
