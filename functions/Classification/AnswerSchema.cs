using OpenAI.Chat;

namespace IRFunctions.Classification;

/// <summary>
/// The JSON schema of the model's answer (structured outputs, strict). It uses only keywords that OpenAI and Azure OpenAI both accept in strict mode,
/// so ranges and list lengths are not in it: <see cref="AnswerReader"/> checks them, and everything else again, because not every
/// compatible server enforces a schema.
/// </summary>
internal static class AnswerSchema
{
    public const string Name = "assessment";

    public static ReadOnlySpan<byte> Json => """
        {
          "type": "object",
          "properties": {
            "verdict": { "type": "string", "enum": ["true_positive", "benign_positive", "false_positive", "unknown"] },
            "confidence": { "type": "integer", "description": "0 to 100" },
            "reasoning": { "type": "string", "description": "At most two sentences for a person" },
            "evidence": { "type": "array", "items": { "type": "string" }, "description": "Entity ids" },
            "recommendations": {
              "type": "array",
              "description": "At most 10",
              "items": {
                "type": "object",
                "properties": {
                  "action": { "type": "string", "description": "A name from the allowed actions" },
                  "entity_id": { "type": "string", "description": "An entity id, or alert" },
                  "confidence": { "type": "integer", "description": "0 to 100" },
                  "reason": { "type": "string", "description": "One sentence" }
                },
                "required": ["action", "entity_id", "confidence", "reason"],
                "additionalProperties": false
              }
            }
          },
          "required": ["verdict", "confidence", "reasoning", "evidence", "recommendations"],
          "additionalProperties": false
        }
        """u8;

    public static ChatResponseFormat Format { get; } =
        ChatResponseFormat.CreateJsonSchemaFormat(Name, BinaryData.FromBytes(Json.ToArray()), "The assessment of one security alert.",
            jsonSchemaIsStrict: true);
}
