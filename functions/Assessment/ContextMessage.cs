using System.Text.Json;

namespace IRFunctions.Assessment;

/// <summary>
/// Writes what is known besides the alert into the trusted frame: numbers, times and single words only, bounded in number.
/// </summary>
internal static class ContextMessage
{
    private const int MaxEntities = 12;
    private const int MaxSimilar = 5;
    private const int MaxRoles = 6;
    private const int MaxMissing = 8;
    private const int MaxMissingText = 120;

    public static void Write(Utf8JsonWriter json, AlertContext context)
    {
        if (context.Entities.Count > 0)
        {
            json.WriteStartObject("known");
            foreach (var entity in context.Entities.Take(MaxEntities))
                WriteEntity(json, entity);
            json.WriteEndObject();
        }
        if (context.Similar.Count > 0)
        {
            json.WriteStartArray("similar_incidents");
            foreach (var past in context.Similar.Take(MaxSimilar))
                WritePast(json, past);
            json.WriteEndArray();
        }
        if (context.Missing.Count == 0)
            return;
        json.WriteStartArray("could_not_be_learned");
        foreach (var missing in context.Missing.Take(MaxMissing))
            json.WriteStringValue(UntrustedText.Cut(missing, MaxMissingText));
        json.WriteEndArray();
    }

    private static void WriteEntity(Utf8JsonWriter json, EntityContext entity)
    {
        json.WriteStartObject(entity.EntityId);
        WriteWord(json, "type", entity.IdentityType);
        WriteWord(json, "criticality", entity.Criticality);
        WriteRoles(json, entity.Roles);
        if (entity.Enabled is { } enabled)
            json.WriteBoolean("enabled", enabled);
        WriteNumber(json, "age_days", entity.AgeDays);
        WriteNumber(json, "sign_ins_24h", entity.SignIns);
        WriteNumber(json, "failed_sign_ins_24h", entity.FailedSignIns);
        if (entity.SignIns + entity.FailedSignIns > 0)
        {
            WriteNumber(json, "countries_24h", entity.Countries);
            WriteNumber(json, "others_24h", entity.Others);
        }
        WriteNumber(json, "connections_24h", entity.Connections);
        if (entity.LastOwnAction is { } at)
            json.WriteString("our_last_action", at);
        json.WriteEndObject();
    }

    private static void WriteRoles(Utf8JsonWriter json, IReadOnlyList<string> roles)
    {
        if (roles.Count == 0)
            return;
        json.WriteStartArray("directory_roles");
        foreach (var role in roles.Where(UntrustedText.IsPlainWord).Take(MaxRoles))
            json.WriteStringValue(role);
        json.WriteEndArray();
    }

    private static void WritePast(Utf8JsonWriter json, PastIncident past)
    {
        json.WriteStartObject();
        json.WriteString("at", past.At);
        WriteWord(json, "category", past.Category);
        WriteWord(json, "severity", past.Severity);
        WriteWord(json, "verdict", past.Verdict);
        WriteWord(json, "by", past.By);
        json.WriteStartArray("same");
        foreach (var id in past.SharedEntities.Take(10))
            json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteWord(Utf8JsonWriter json, string name, string? value)
    {
        if (UntrustedText.IsPlainWord(value))
            json.WriteString(name, value);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}
