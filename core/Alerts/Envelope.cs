using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Takes an alert out of what carried it: lists of one, {value: [one]}, Event Grid and CloudEvents, a playbook's {body}, JSON as text.
/// </summary>
internal static class Envelope
{
    private const int MostLayers = 6;

    /// <summary>The innermost object, or null with the reason recorded in the session.</summary>
    public static Fields? Unwrap(JsonElement element, ReadingSession session)
    {
        var place = "$";
        for (var layer = 0; layer < MostLayers; layer++)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Array when StreamShape.IsOneAlert([.. element.EnumerateArray()]):
                    element = session.Wrap("records", element);
                    return Fields.Of(element, session, place);
                case JsonValueKind.Array:
                    if (!TakeOnly(ref element, ref place, session))
                        return null;
                    break;
                case JsonValueKind.String
                    when element.GetString()!.AsSpan().TrimStart() is ['{' or '[', ..]
                        && session.OpenInner(element.GetString()!, place) is { } inner:
                    element = inner;
                    break;
                case JsonValueKind.Object:
                    var fields = Fields.Of(element, session, place);
                    if (Inside(fields) is not { } name)
                        return fields;
                    if (name == "data")
                        session.Event = fields;
                    element = Content(fields, name, session);
                    place = $"{place}.{name}";
                    break;
                default:
                    session.Refuse(
                        AlertReasons.NoAlert,
                        new AlertFault(
                            place,
                            $"There is {Named(element.ValueKind)} where an alert should be.",
                            "Send the alert as one JSON object."
                        )
                    );
                    return null;
            }
        }
        session.Refuse(
            AlertReasons.UnknownShape,
            new AlertFault(place, $"The alert is wrapped more than {MostLayers} times.", "Send the alert itself.")
        );
        return null;
    }

    private static bool TakeOnly(ref JsonElement list, ref string place, ReadingSession session)
    {
        var count = list.GetArrayLength();
        if (count == 1)
        {
            list = list[0];
            place += "[0]";
            return true;
        }
        session.Refuse(
            count == 0 ? AlertReasons.NoAlert : AlertReasons.ManyAlerts,
            count == 0
                ? new AlertFault(place, "The list is empty.", "Nothing to do, unless an alert was expected here.")
                : new AlertFault(
                    place,
                    $"There are {count} alerts in one message.",
                    "Send each alert in its own message, so that each gets its own outcome."
                )
        );
        return false;
    }

    /// <summary>What a wrapper carries; a connector's message carries it in Base64.</summary>
    private static JsonElement Content(Fields fields, string name, ReadingSession session)
    {
        var value = fields.Peek(name)!.Value;
        if (name != "ContentData")
            return value;
        var bytes = new byte[value.GetString()!.Length];
        return
            Convert.TryFromBase64String(value.GetString()!, bytes, out var length)
            && session.OpenInner(Encoding.UTF8.GetString(bytes.AsSpan(0, length)), $"{fields.Place}.{name}") is { } inner
            ? inner
            : value;
    }

    private static bool IsText(Fields fields, string name) =>
        fields.Peek(name) is { ValueKind: JsonValueKind.String } value && Fields.LooksLikeJson(value.GetString()!);

    /// <summary>The field that carries the alert, where this object is only a wrapper.</summary>
    private static string? Inside(Fields fields)
    {
        if (fields.HasScalar("ContentData") && !fields.Has("title"))
            return "ContentData";
        // A Graph notification that carries the alert itself.
        if (
            fields.HasObject("resourceData")
            && fields.Open("resourceData") is { } resource
            && resource.Has("title")
            && resource.Has("severity")
        )
            return "resourceData";
        if (fields.HasList("records") && fields.Count <= 2 && !StreamShape.Matches(fields))
            return "records";
        if (fields.HasList("value") && !fields.Has("id") && !fields.Has("properties"))
            return "value";
        if (fields.HasList("incidents") && !fields.Has("incidentId") && !fields.Has("id"))
            return "incidents";
        if (fields.HasList("alerts") && fields.Count == 1)
            return "alerts";
        if (
            (fields.HasObject("data") || IsText(fields, "data"))
            && (fields.Has("specversion") || fields.Has("eventType") || fields.Has("dataVersion"))
        )
            return "data";
        if ((fields.HasObject("body") || fields.HasList("body") || IsText(fields, "body")) && !fields.Has("title"))
            return "body";
        // {alert: {...}} alone; an ARM alert with its entities beside it is a shape of its own.
        return fields.HasObject("alert") && !fields.HasList("entities") && !SentinelAlertShape.MatchesPair(fields) ? "alert" : null;
    }

    private static string Named(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.String => "text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a truth value",
            _ => "nothing (null)",
        };
}
