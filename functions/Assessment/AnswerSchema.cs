using System.Text.Json;
using OpenAI.Chat;

namespace IRFunctions.Assessment;

/// <summary>
/// The JSON schema of the model's answer (structured outputs, strict). It uses only keywords that OpenAI and Azure OpenAI both accept in
/// strict mode, so ranges and list lengths are not in it: <see cref="AnswerReader"/> checks them, and everything else again, because not
/// every compatible server enforces a schema. What a member means stands in the prompt; endpoints count the schema's text as input, so it
/// is not said twice.
/// </summary>
internal static class AnswerSchema
{
    public const string Name = "assessment";

    public static ReadOnlySpan<byte> Json =>
        """
        {
          "type": "object",
          "properties": {
            "verdict": { "type": "string", "enum": ["true_positive", "benign_positive", "false_positive", "unknown"] },
            "confidence": { "type": "integer" },
            "reasoning": { "type": "string" },
            "evidence": { "type": "array", "items": { "type": "string" } },
            "recommendations": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "action": { "type": "string" },
                  "entity_id": { "type": "string" },
                  "confidence": { "type": "integer" },
                  "reason": { "type": "string" }
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

    /// <summary>Characters of the schema without white space, as endpoints count it.</summary>
    public static int Characters { get; } = JsonSerializer.Serialize(JsonElement.Parse(Json)).Length;

    public static ChatResponseFormat Format { get; } =
        ChatResponseFormat.CreateJsonSchemaFormat(
            Name,
            BinaryData.FromBytes(Json.ToArray()),
            "The assessment of one security alert.",
            jsonSchemaIsStrict: true
        );
}
