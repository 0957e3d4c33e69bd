using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Host;

/// <summary>What the functions below were called with, shared by dependency injection.</summary>
public sealed class Calls : ConcurrentQueue<string>
{
    public void Add(string call) => Enqueue(call);
}

/// <summary>Functions as the real worker would host them, one of each kind.</summary>
public sealed class ServedFunctions(Calls calls) : IDisposable
{
    public sealed record Person(string Name, int Age);

    public void Dispose() => calls.Add("disposed");

    [Function("GetThing")]
    public IActionResult GetThing(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/{id:guid}")] HttpRequest request,
        Guid id,
        int? count
    )
    {
        calls.Add("thing");
        return new OkObjectResult(
            new
            {
                id,
                count,
                user = request.HttpContext.User.Identity?.Name,
                admin = request.HttpContext.User.IsInRole("admin"),
            }
        );
    }

    [Function("Answer")]
    public static async Task<IActionResult> Answer(
        [HttpTrigger("post", Route = "answer/{kind}")] HttpRequest request,
        string kind,
        CancellationToken stop
    )
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(stop);
        return kind switch
        {
            "content" => new ContentResult
            {
                Content = body,
                ContentType = "text/plain",
                StatusCode = 202,
            },
            "status" => new StatusCodeResult(415),
            "conflict" => new ConflictResult(),
            "file" => new FileContentResult([1, 2, 3], "application/octet-stream"),
            "problem" => new ObjectResult(new ProblemDetails { Status = 409, Title = "taken" }) { StatusCode = 409 },
            _ => throw new InvalidOperationException("secret detail"),
        };
    }

    [Function("Plain")]
    public static Task<IResult> Plain([HttpTrigger(AuthorizationLevel.Anonymous, "get", "put")] HttpRequest request) =>
        Task.FromResult(Results.Ok(request.Method));

    [Function("Number")]
    public static IActionResult Number([HttpTrigger("get", Route = "numbers/{n}")] HttpRequest request, int n) => new OkObjectResult(n);

    [Function("Intake")]
    public async Task Intake(
        [ServiceBusTrigger("%IntakeQueue%", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions
    )
    {
        calls.Add($"{message.Body} {message.DeliveryCount}");
        switch (message.Body.ToString())
        {
            case "complete":
                await actions.CompleteMessageAsync(message);
                break;
            case "dead":
                await actions.DeadLetterMessageAsync(message, deadLetterReason: "Why", deadLetterErrorDescription: "Because");
                break;
            case "throw":
                throw new InvalidOperationException("broken");
            default:
                break;
        }
    }

    [Function("Auto")]
    public void Auto([ServiceBusTrigger("auto")] string body) => calls.Add(body);

    [Function("Tick")]
    public void Tick([TimerTrigger("0 */5 * * * *", RunOnStartup = false)] TimerInfo timer) =>
        calls.Add($"tick past due: {timer.IsPastDue}, next {timer.ScheduleStatus!.Next:HH:mm:ss}");

    [Function("Starting")]
    public void Starting([TimerTrigger("%Nightly%", RunOnStartup = true)] TimerInfo timer) =>
        calls.Add($"starting past due: {timer.IsPastDue}");

    [Function("Greet")]
    public static async Task<string> Greet([OrchestrationTrigger] TaskOrchestrationContext context, Person person) =>
        await context.CallActivityAsync<string>(nameof(Describe), person);

    [Function(nameof(Describe))]
    public string Describe([ActivityTrigger] Person person, string instanceId)
    {
        calls.Add($"describe in {instanceId}");
        return $"{person.Name} is {person.Age}";
    }

    [Function("Nothing")]
    public static Task Nothing([ActivityTrigger] int? number, CancellationToken stop) => Task.CompletedTask;

    [Function("Start")]
    public static async Task<IActionResult> Start(
        [HttpTrigger("post", Route = "start")] HttpRequest request,
        [DurableClient] DurableTaskClient client
    ) =>
        new OkObjectResult(
            await client.ScheduleNewOrchestrationInstanceAsync(
                "Greet",
                new Person("Ada", 36),
                new StartOrchestrationOptions(InstanceId: "greet-1")
            )
        );
}

/// <summary>An entity with a service; the function only marks the class.</summary>
public sealed class Counter(Calls calls) : TaskEntity<int>
{
    public void Add(int by)
    {
        calls.Add($"add {by}");
        State += by;
    }

    [Function("Counter")]
    public static Task Run([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Counter>();
}
