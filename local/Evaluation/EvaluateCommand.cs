using System.CommandLine;
using IRFunctions.Assessment;
using IRFunctions.Local.Model;
using IRFunctions.Policies;

namespace IRFunctions.Local.Evaluation;

/// <summary>
/// `evaluate`: puts labelled alerts to a model and writes what came of it. Exit codes: 0 evaluated, 1 the model gave no usable answer at
/// all, 2 something could not be read.
/// </summary>
internal static class EvaluateCommand
{
    private static readonly string DefaultCases = Path.Combine(AppContext.BaseDirectory, "samples", "evaluation", "cases.jsonl");
    private static readonly Option<string> Cases = new("--cases")
    {
        Description = "File of labelled alerts (JSON Lines; samples/evaluation/NOTICE has the form).",
        DefaultValueFactory = _ => DefaultCases,
    };
    private static readonly Option<string?> Model = new("--model")
    {
        Description = "Base address of an OpenAI-compatible endpoint, ending in /v1/; without it the plain rules answer in this process.",
    };
    private static readonly Option<string> Deployment = new("--deployment")
    {
        Description = "Name of the model there.",
        DefaultValueFactory = _ => LocalModel.Name,
    };
    private static readonly Option<string> KeyVariable = new("--key-variable")
    {
        Description = "Environment variable that holds the key; no key is ever an argument.",
        DefaultValueFactory = _ => "MODEL_API_KEY",
    };
    private static readonly Option<string> Report = new("--report")
    {
        Description = "Where the report goes.",
        DefaultValueFactory = _ => "evaluation.html",
    };
    private static readonly Option<string> Folder = new("--policies")
    {
        Description = "Folder of the policy whose actions may be named.",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "policies"),
    };
    private static readonly Option<int> Samples = new("--samples")
    {
        Description = "Answers to each question; where they differ confidence falls.",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<int> AtOnce = new("--at-once")
    {
        Description = "Questions under way at the same time.",
        DefaultValueFactory = _ => 4,
    };
    private static readonly Option<int> Timeout = new("--timeout")
    {
        Description = "Longest wait for an answer, seconds.",
        DefaultValueFactory = _ => 60,
    };
    private static readonly Option<decimal> InputPrice = new("--input-price") { Description = "Price of a million input tokens." };
    private static readonly Option<decimal> OutputPrice = new("--output-price") { Description = "Price of a million output tokens." };

    /// <param name="catalogue">What the code can do.</param>
    /// <param name="time">Clock of the latencies and of the report's date.</param>
    public static Command Create(IReadOnlyList<ActionCapability> catalogue, TimeProvider time)
    {
        var command = new Command(
            "evaluate",
            "Score a model on labelled alerts: precision, recall, calibration, cost, latency, unsafe recommendations, injection"
        )
        {
            Cases,
            Model,
            Deployment,
            KeyVariable,
            Report,
            Folder,
            Samples,
            AtOnce,
            Timeout,
            InputPrice,
            OutputPrice,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
                try
                {
                    return await RunAsync(parsed, catalogue, time, output, stop);
                }
                catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    await error.WriteLineAsync(e.Message);
                    return 2;
                }
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        IReadOnlyList<ActionCapability> catalogue,
        TimeProvider time,
        TextWriter output,
        CancellationToken stop
    )
    {
        if (parsed.GetValue(Samples) is not (>= 1 and <= 7))
            throw new FormatException("--samples: give a number from 1 to 7.");
        if (parsed.GetValue(AtOnce) is not (>= 1 and <= 64))
            throw new FormatException("--at-once: give a number from 1 to 64.");
        var file = CaseFile.Read(parsed.GetValue(Cases)!);
        var reading = PolicyLoader.Load(PolicyFolder.Read(parsed.GetValue(Folder)!), catalogue, time.GetUtcNow());
        if (reading.Policy is not { } policy)
            throw new FormatException(string.Join('\n', reading.Errors));
        var actions = AllowedActions.Of(policy);
        var options = Options(parsed);
        var client = ModelConnection.Create(
            options,
            handler: parsed.GetValue(Model) is null ? new ModelHttpHandler(new LocalModel(time)) : null,
            time: time
        );
        var every = Math.Max(1, (file.Cases.Count * (file.Orders.Count + 1)) / 10);
        var trials = await Trials.RunAsync(
            new Classifier(client, options, time),
            actions,
            file,
            parsed.GetValue(AtOnce),
            (done, all) =>
            {
                if (done % every == 0 || done == all)
                    output.WriteLine($"{done} of {all} answered");
            },
            stop
        );
        var score = Score.Of(trials, actions, policy, time.GetUtcNow());
        var name = trials.Select(t => t.Answer.Model).FirstOrDefault(m => m is not null) ?? options.Deployment;
        var subject = new Subject(
            name,
            parsed.GetValue(Model) ?? "this process",
            Path.GetFileName(parsed.GetValue(Cases)!),
            options.Samples,
            time.GetUtcNow()
        );
        await File.WriteAllTextAsync(parsed.GetValue(Report)!, ReportPage.Html(score, subject, actions), stop);
        await output.WriteAsync(ReportText.Of(score, subject));
        await output.WriteLineAsync($"report: {parsed.GetValue(Report)}");
        if (score.FellBack.Hits < score.FellBack.Of)
            return 0;
        await output.WriteLineAsync($"the model gave no usable answer: {trials[0].Answer.Problem}");
        return 1;
    }

    /// <summary>No cache, no budget and no pause: every question is put, and its answer measured.</summary>
    private static ClassificationOptions Options(ParseResult parsed)
    {
        var address = parsed.GetValue(Model) ?? "http://127.0.0.1/openai/v1/";
        if (
            !Uri.TryCreate(address, UriKind.Absolute, out var endpoint)
            || (endpoint.Scheme != "https" && !(endpoint.Scheme == "http" && endpoint.IsLoopback))
        )
            throw new FormatException("--model: give an https address, or an http one on this machine.");
        return new ClassificationOptions
        {
            Endpoint = endpoint.AbsolutePath.EndsWith('/') ? endpoint : new Uri(endpoint.AbsoluteUri + "/"),
            Deployment = parsed.GetValue(Deployment)!,
            ApiKey = Environment.GetEnvironmentVariable(parsed.GetValue(KeyVariable)!) is { Length: > 0 } key ? key : null,
            Timeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(Timeout), 1, 600)),
            Samples = parsed.GetValue(Samples),
            CacheFor = TimeSpan.Zero,
            TokensPerHour = 0,
            PauseAfter = int.MaxValue,
            InputPrice = parsed.GetValue(InputPrice),
            OutputPrice = parsed.GetValue(OutputPrice),
        };
    }
}
