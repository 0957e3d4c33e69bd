using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>One action on one thing, put to the rules, with all they may look at.</summary>
internal sealed record Question
{
    public required Alert Alert { get; init; }
    public required AlertAssessment Assessment { get; init; }
    public required Facts Facts { get; init; }
    public required Policy Policy { get; init; }

    /// <summary>The action's name, safe to store.</summary>
    public required string Action { get; init; }

    /// <summary>Its line of the tier map; null where there is none (S1).</summary>
    public required ActionRule? Rule { get; init; }

    /// <summary>The entity recommended; null for the alert itself and for an id the alert does not have.</summary>
    public required Entity? Entity { get; init; }

    /// <summary>The entity id as recommended; only for reasons.</summary>
    public required string EntityId { get; init; }

    /// <summary>Ids of all entities recommended for this action on this target; several where none has an id an action could use.</summary>
    public required IReadOnlyList<string> EntityIds { get; init; }

    public required Target Target { get; init; }

    /// <summary>Lowest confidence of all recommendations of this action on this target.</summary>
    public required int Confidence { get; init; }

    /// <summary>How often it was recommended.</summary>
    public required int Times { get; init; }

    /// <summary>The target as people see it: what is told of about things without a usable id still names those things.</summary>
    public Target ShownTarget
    {
        get
        {
            if (Entity is null || Target.Kind != "alert")
                return Target;
            var things = Alert
                .Entities.Where(entity => EntityIds.Contains(entity.Id))
                .Select(entity => entity.Display.Length > 0 ? entity.Display : entity.Id);
            return Target with { Display = string.Join(", ", things) };
        }
    }

    public IdentityFacts? Identity => Facts.Identities.GetValueOrDefault(Target.Key);
}
