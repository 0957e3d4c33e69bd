using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>From recommendations, in whatever order and however often, to one question for each action and target.</summary>
internal static class Questions
{
    public static IReadOnlyList<Question> Of(Alert alert, AlertAssessment assessment, Facts facts, Policy policy, Doubts doubts)
    {
        var questions = new List<Question>(assessment.Recommendations.Count);
        var places = new Dictionary<(string Action, string Kind, string Id), int>(assessment.Recommendations.Count);
        var entities = EntitiesById(alert, assessment.Recommendations.Count);
        foreach (var recommendation in assessment.Recommendations)
        {
            var question = Ask(recommendation, entities, alert, assessment, facts, policy, doubts);
            var key = (question.Action, question.Target.Kind, question.Target.Id);
            if (!places.TryGetValue(key, out var place))
            {
                places[key] = questions.Count;
                questions.Add(question);
            }
            else
            {
                questions[place] = Merge(questions[place], question);
            }
        }

        return questions;
    }

    // A hostile answer repeats itself to find the weaker reading: the lowest confidence counts, and of two names for one thing the first
    // id.
    private static Question Merge(Question known, Question again)
    {
        var first = string.CompareOrdinal(known.EntityId, again.EntityId) <= 0 ? known : again;
        return first with
        {
            Confidence = Math.Min(known.Confidence, again.Confidence),
            Times = known.Times + 1,
            Entity = known.Entity is null || again.Entity is null ? null : first.Entity,
            EntityIds = [.. known.EntityIds.Union(again.EntityIds)],
        };
    }

    private static Question Ask(
        Recommendation recommendation,
        Dictionary<string, Entity>? entities,
        Alert alert,
        AlertAssessment assessment,
        Facts facts,
        Policy policy,
        Doubts doubts
    )
    {
        var action = ReasonText.ActionName(recommendation.Action);
        var rule = policy.Actions.GetValueOrDefault(action);
        var entity = Find(recommendation.EntityId, entities, alert);
        var isAlert = rule is { IsNotification: true } || entity is null;
        if (recommendation.Confidence is < 0 or > 100)
            doubts.Add("confidence-range", "A recommendation's confidence is outside 0 to 100; it counts as 0.");
        return new Question
        {
            Alert = alert,
            Assessment = assessment,
            Facts = facts,
            Policy = policy,
            Action = action,
            Rule = rule,
            Entity = isAlert ? null : entity,
            EntityId = recommendation.EntityId ?? "",
            EntityIds = isAlert ? [] : [entity!.Id],
            Target = isAlert ? Targets.OfAlert(alert) : Targets.Of(entity!, facts) ?? Targets.OfAlert(alert),
            Confidence = recommendation.Confidence is < 0 or > 100 ? 0 : recommendation.Confidence,
            Times = 1,
        };
    }

    private static Dictionary<string, Entity>? EntitiesById(Alert alert, int lookups)
    {
        // For a handful of entities a scan is faster than building a table.
        if (lookups <= 4 || alert.Entities.Count <= 8)
            return null;
        var byId = new Dictionary<string, Entity>(alert.Entities.Count, StringComparer.Ordinal);
        foreach (var entity in alert.Entities)
            byId.TryAdd(entity.Id, entity);
        return byId;
    }

    private static Entity? Find(string? id, Dictionary<string, Entity>? byId, Alert alert)
    {
        if (id is null or Targets.AlertEntityId)
            return null;
        if (byId is not null)
            return byId.GetValueOrDefault(id);
        foreach (var entity in alert.Entities)
            if (entity.Id == id)
                return entity;
        return null;
    }
}
