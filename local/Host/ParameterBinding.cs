using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Host;

/// <summary>A request's route or query value does not fit the parameter: the caller's mistake, answered with 400.</summary>
internal sealed class BadRouteValueException(string parameter, string text, Type type)
    : Exception($"'{parameter}' is '{text}', which is not a {type.Name}.");

/// <summary>Chooses, once per parameter, how its value is drawn from an invocation.</summary>
internal static class ParameterBinding
{
    private static readonly Type[] RouteTypes = [typeof(string), typeof(Guid), typeof(int), typeof(long), typeof(bool)];

    /// <summary>The binder, or why there is none.</summary>
    public static (Binder? Binder, string? Problem) Choose(ParameterInfo parameter, TriggerBindingAttribute trigger)
    {
        var type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
            return Bound(i => i.Stop);
        if (parameter.IsDefined(typeof(DurableClientAttribute)))
            return type == typeof(DurableTaskClient)
                ? Bound(i => i.Services.GetRequiredService<DurableTaskClient>())
                : None("a [DurableClient] parameter must be a DurableTaskClient");
        var isTrigger = parameter.IsDefined(typeof(TriggerBindingAttribute));
        return trigger switch
        {
            HttpTriggerAttribute => Http(parameter, isTrigger),
            ServiceBusTriggerAttribute => Message(type, isTrigger),
            TimerTriggerAttribute => Timer(type, isTrigger),
            OrchestrationTriggerAttribute => Orchestration(type, isTrigger),
            ActivityTriggerAttribute => Activity(parameter, isTrigger),
            _ => None("the local host does not bind it"),
        };
    }

    private static (Binder?, string?) Http(ParameterInfo parameter, bool isTrigger)
    {
        var type = parameter.ParameterType;
        if (type == typeof(HttpRequest))
            return Bound(i => i.Http!.Request);
        if (isTrigger)
            return None("an [HttpTrigger] parameter must be an HttpRequest");
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (!RouteTypes.Contains(plain))
            return None("a route value must be a string, Guid, int, long or bool");
        var name = parameter.Name!;
        return Bound(i => RouteValue(i.Http!, name, plain));
    }

    private static object? RouteValue(HttpContext http, string name, Type type)
    {
        var text = Convert.ToString(http.Request.RouteValues.GetValueOrDefault(name), CultureInfo.InvariantCulture);
        if (string.IsNullOrEmpty(text))
            text = http.Request.Query[name];
        if (string.IsNullOrEmpty(text))
            return null;
        if (type == typeof(string))
            return text;
        if (type == typeof(Guid))
            return Guid.TryParse(text, out var guid) ? guid : throw new BadRouteValueException(name, text, type);
        if (type == typeof(bool))
            return bool.TryParse(text, out var boolean) ? boolean : throw new BadRouteValueException(name, text, type);
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw new BadRouteValueException(name, text, type);
        if (type == typeof(long))
            return number;
        return number is >= int.MinValue and <= int.MaxValue ? (int)number : throw new BadRouteValueException(name, text, type);
    }

    private static (Binder?, string?) Message(Type type, bool isTrigger)
    {
        if (type == typeof(ServiceBusMessageActions))
            return Bound(i => i.MessageActions);
        if (!isTrigger)
            return None("a queue function takes its message, ServiceBusMessageActions, a [DurableClient] and a CancellationToken");
        if (type == typeof(ServiceBusReceivedMessage))
            return Bound(i => i.Message);
        if (type == typeof(string))
            return Bound(i => i.Message!.Body.ToString());
        if (type == typeof(BinaryData))
            return Bound(i => i.Message!.Body);
        return type == typeof(byte[])
            ? Bound(i => i.Message!.Body.ToArray())
            : None("a [ServiceBusTrigger] parameter must be a ServiceBusReceivedMessage, string, BinaryData or byte[]");
    }

    private static (Binder?, string?) Timer(Type type, bool isTrigger) =>
        isTrigger && type == typeof(TimerInfo)
            ? Bound(i => i.Timer)
            : None("a timer function takes [TimerTrigger] TimerInfo, a [DurableClient] and a CancellationToken");

    private static (Binder?, string?) Orchestration(Type type, bool isTrigger)
    {
        if (type == typeof(TaskOrchestrationContext))
            return Bound(i => i.Orchestration);
        return isTrigger ? None("an [OrchestrationTrigger] parameter must be a TaskOrchestrationContext") : Bound(OrchestrationInput(type));
    }

    /// <summary>i => i.Orchestration.GetInput&lt;T&gt;(), compiled: T is known only now.</summary>
    private static Binder OrchestrationInput(Type type)
    {
        var invocation = Expression.Parameter(typeof(Invocation));
        var getInput = typeof(TaskOrchestrationContext)
            .GetMethod(nameof(TaskOrchestrationContext.GetInput), Type.EmptyTypes)!
            .MakeGenericMethod(type);
        var call = Expression.Call(Expression.Property(invocation, nameof(Invocation.Orchestration)), getInput);
        return Expression.Lambda<Binder>(Expression.Convert(call, typeof(object)), invocation).Compile();
    }

    private static (Binder?, string?) Activity(ParameterInfo parameter, bool isTrigger)
    {
        var type = parameter.ParameterType;
        if (type == typeof(TaskActivityContext))
            return Bound(i => i.Activity);
        if (isTrigger)
            return Bound(i => i.ActivityInput);
        return type == typeof(string) && parameter.Name == "instanceId"
            ? Bound(i => i.Activity!.InstanceId)
            : None(
                "an activity takes [ActivityTrigger] input, 'string instanceId', TaskActivityContext, a [DurableClient] and a "
                    + "CancellationToken"
            );
    }

    private static (Binder?, string?) Bound(Binder binder) => (binder, null);

    private static (Binder?, string?) None(string problem) => (null, problem);
}
