using Microsoft.Extensions.Hosting;

namespace IRFunctions.Assessment;

/// <summary>When an instance of the app stops, what it had taken of the model's budgets and not spent goes back to the others.</summary>
public sealed class UnspentBudget(Classifier classifier) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => classifier.GiveBackAsync(cancellationToken);
}
