using System.Diagnostics;
using System.Diagnostics.Metrics;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// What asking the model costs and how long it takes, by the names of OpenTelemetry's conventions for generative AI. No text of an alert or
/// an answer is ever in it.
/// </summary>
public static class ModelTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "IRFunctions.Classification";

    private static readonly Meter Meter = new(Name);
    private static readonly ActivitySource Source = new(Name);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "gen_ai.client.operation.duration",
        "s",
        "Time to an answer, retries included"
    );
    private static readonly Histogram<long> Tokens = Meter.CreateHistogram<long>(
        "gen_ai.client.token.usage",
        "{token}",
        "Tokens of one question or answer"
    );
    private static readonly Counter<double> Cost = Meter.CreateCounter<double>(
        "irfunctions.model.cost",
        "{currency}",
        "Cost by the configured prices"
    );
    private static readonly Counter<long> Answers = Meter.CreateCounter<long>(
        "irfunctions.model.assessments",
        "{assessment}",
        "Assessments by who gave them"
    );

    /// <summary>Begins the span of one assessment.</summary>
    internal static Activity? Begin(string model)
    {
        var span = Source.StartActivity("chat " + model, ActivityKind.Client);
        span?.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.request.model", model);
        return span;
    }

    /// <summary>Writes down how it ended.</summary>
    internal static void End(Activity? span, string model, AlertAssessment assessment)
    {
        var source =
            assessment.Injection ? "injection"
            : assessment.AnsweredBefore is not null ? "cache"
            : assessment.By == AssessedBy.Model ? "model"
            : "rules";
        var tag = new KeyValuePair<string, object?>("gen_ai.request.model", model);
        Answers.Add(1, tag, new("irfunctions.source", source));
        if (assessment.AnsweredBefore is null)
            Duration.Record(assessment.Seconds, tag, new("irfunctions.source", source));
        if (assessment.InputTokens > 0)
            Tokens.Record(assessment.InputTokens, tag, new("gen_ai.token.type", "input"));
        if (assessment.OutputTokens > 0)
            Tokens.Record(assessment.OutputTokens, tag, new("gen_ai.token.type", "output"));
        if (assessment.Cost > 0)
            Cost.Add((double)assessment.Cost, tag);
        span?.SetTag("irfunctions.source", source)
            .SetTag("gen_ai.usage.input_tokens", assessment.InputTokens)
            .SetTag("gen_ai.usage.output_tokens", assessment.OutputTokens)
            .SetTag("irfunctions.cost", assessment.Cost)
            .SetTag("irfunctions.seconds", assessment.AnsweredBefore is null ? assessment.Seconds : 0);
        if (assessment.By != AssessedBy.Model)
            span?.SetStatus(ActivityStatusCode.Error);
    }
}
