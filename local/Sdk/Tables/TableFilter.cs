using System.Globalization;

namespace Azure.Data.Tables;

/// <summary>Puts values into an OData filter as literals, so that a value can never become syntax.</summary>
internal static class TableFilter
{
    public static string Format(FormattableString filter) =>
        string.Format(CultureInfo.InvariantCulture, filter.Format, [.. filter.GetArguments().Select(Literal)]);

    private static string Literal(object? value) => value switch
    {
        string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        char letter => Literal(letter.ToString()),
        bool flag => flag ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        long number => number.ToString(CultureInfo.InvariantCulture) + "L",
        double number => number.ToString("0.0###############", CultureInfo.InvariantCulture),
        DateTimeOffset moment => $"datetime'{EntityJson.Moment(moment)}'",
        DateTime moment => $"datetime'{EntityJson.Moment(new DateTimeOffset(moment.ToUniversalTime()))}'",
        Guid id => $"guid'{id}'",
        byte[] bytes => $"X'{Convert.ToHexString(bytes)}'",
        BinaryData data => Literal(data.ToArray()),
        null => throw new ArgumentException("Tables cannot compare with null."),
        _ => throw new ArgumentException($"Tables cannot compare with {value.GetType()}."),
    };
}
