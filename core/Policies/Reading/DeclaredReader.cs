using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace IRFunctions.Policies;

/// <summary>Reads what owners declared in breaker.yaml: usual values and limits of amounts. Both lists may be missing.</summary>
[SuppressMessage("Globalization", "CA1308", Justification = "Ids are kept in lower case throughout, as the activity feed has them.")]
internal static class DeclaredReader
{
    public static IReadOnlyList<DeclaredBaseline> ReadBaselines(Section file)
    {
        var found = new List<DeclaredBaseline>();
        foreach (var item in file.Items("declared", required: false))
        {
            var id = IdOf(item);
            if (found.Exists(other => other.Id == id))
                item.Problem("id", $"{id} is declared twice");
            item.Text("owner");
            found.Add(
                new DeclaredBaseline(
                    id,
                    item.Number("requests", 1, 1_000_000),
                    item.Number("kilobytes", 1, 1_000_000) * 1024L,
                    item.Words("endpoints", required: true).ToFrozenSet(StringComparer.Ordinal),
                    item.Words("targets").ToFrozenSet(StringComparer.Ordinal)
                )
            );
            item.Close();
        }

        return found;
    }

    public static IReadOnlyList<AmountLimit> ReadLimits(Section file)
    {
        var found = new List<AmountLimit>();
        foreach (var item in file.Items("limits", required: false))
        {
            var limit = new AmountLimit(
                IdOf(item),
                item.Text("endpoint"),
                item.Text("unit"),
                Amount(item, "per_request"),
                Amount(item, "per_day"),
                Amount(item, "position")
            );
            item.Text("owner");
            if (limit is { PerRequest: null, PerDay: null, Position: null })
                item.Problem("per_request", "a limit has per_request, per_day or position");
            if (limit.PerDay < limit.PerRequest)
                item.Problem("per_day", "one request may move more than a whole day");
            if (found.Exists(other => other.Id == limit.Id && other.Endpoint == limit.Endpoint))
                item.Problem("endpoint", $"{limit.Endpoint} of {limit.Id} has a limit already");
            item.Close();
            found.Add(limit);
        }

        return found;
    }

    private static string IdOf(Section item)
    {
        var id = item.Text("id").ToLowerInvariant();
        if (id.Length > 128 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-'))
            item.Problem("id", "an identity has at most 128 of letters, digits and . _ : -");
        return id;
    }

    private static decimal? Amount(Section item, string key)
    {
        if (!item.Has(key))
            return null;
        if (
            item.PlaceOf(key) is YamlText { Quoted: false } text
            && decimal.TryParse(text.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && amount is > 0 and <= 1_000_000_000_000_000m
        )
            return amount;
        item.Problem(key, "an amount above 0 is expected, such as 5000 or 0.25");
        return null;
    }
}
