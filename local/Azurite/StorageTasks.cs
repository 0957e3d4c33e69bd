using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.Entities;
using DurableTask.Core.Entities.OperationFormat;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.Logging;
using Hosting = IRFunctions.Local.Engine.Hosting;

namespace IRFunctions.Local.Azurite;

/// <summary>
/// What the real engine's dispatchers run: made by the official factory, wrapped by the official shims. In Azure the Functions host stands
/// here and hands each piece of work to the worker process.
/// </summary>
internal sealed class StorageTasks(IDurableTaskFactory factory, DurableTaskWorkerOptions options, ILoggerFactory loggers)
{
    private readonly DurableTaskShimFactory shims = new(options, loggers);

    public void AttachTo(TaskHubWorker worker)
    {
        worker.AddOrchestrationDispatcherMiddleware(
            (context, _) =>
            {
                context.SetProperty(
                    Orchestrate(context.GetProperty<OrchestrationRuntimeState>(), context.GetProperty<TaskOrchestrationEntityParameters>())
                );
                return Task.CompletedTask;
            }
        );
        worker.AddActivityDispatcherMiddleware(
            async (context, _) =>
            {
                var outcome = await RunAsync(context.GetProperty<OrchestrationInstance>(), context.GetProperty<TaskScheduledEvent>());
                context.SetProperty(new ActivityExecutionResult { ResponseEvent = outcome });
            }
        );
        worker.AddEntityDispatcherMiddleware(
            async (context, _) => context.SetProperty(await OperateAsync(context.GetProperty<EntityBatchRequest>()))
        );
    }

    private OrchestratorExecutionResult Orchestrate(OrchestrationRuntimeState state, TaskOrchestrationEntityParameters entities)
    {
        if (!factory.TryCreateOrchestrator(state.Name, Hosting.TaskFactories.NoServices, out var orchestrator))
        {
            var missing = Missing("Orchestrator", state.Name);
            return new()
            {
                Actions =
                [
                    new OrchestrationCompleteOrchestratorAction
                    {
                        OrchestrationStatus = OrchestrationStatus.Failed,
                        Result = missing.ErrorMessage,
                        FailureDetails = missing,
                    },
                ],
            };
        }
        var parent = state.ParentInstance is { } p ? new ParentOrchestrationInstance(p.Name, p.OrchestrationInstance.InstanceId) : null;
        var shim = shims.CreateOrchestration(state.Name, orchestrator, parent);
        return new TaskOrchestrationExecutor(
            state,
            shim,
            BehaviorOnContinueAsNew.Carryover,
            entities,
            ErrorPropagationMode.UseFailureDetails
        ).Execute();
    }

    private async Task<HistoryEvent> RunAsync(OrchestrationInstance instance, TaskScheduledEvent task)
    {
        if (!factory.TryCreateActivity(task.Name!, Hosting.TaskFactories.NoServices, out var activity))
            return Failed(task, Missing("Activity", task.Name!));
        try
        {
            var context = new TaskContext(instance, task.Name!, task.Version, task.EventId);
            return new TaskCompletedEvent(-1, task.EventId, await shims.CreateActivity(task.Name!, activity).RunAsync(context, task.Input));
        }
#pragma warning disable CA1031 // Whatever an activity throws is the orchestrator's to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(task, new FailureDetails(e));
        }
    }

    private async Task<EntityBatchResult> OperateAsync(EntityBatchRequest request)
    {
        var id = EntityId.FromString(request.InstanceId!);
        if (factory is IDurableTaskFactory2 entities && entities.TryCreateEntity(id.Name, Hosting.TaskFactories.NoServices, out var entity))
            return await shims.CreateEntity(id.Name, entity, id).ExecuteOperationBatchAsync(request);
        var missing = new OperationResult { FailureDetails = Missing("Entity", id.Name) };
        return new() { EntityState = request.EntityState, Results = [.. request.Operations!.Select(_ => missing)] };
    }

    private static TaskFailedEvent Failed(TaskScheduledEvent task, FailureDetails failure) =>
        new(-1, task.EventId, failure.ErrorMessage, null, failure);

    private static FailureDetails Missing(string kind, string name) =>
        new($"{kind}TaskNotFound", $"No {kind.ToLowerInvariant()} task named '{name}' was found.", null, null, isNonRetriable: true);
}
