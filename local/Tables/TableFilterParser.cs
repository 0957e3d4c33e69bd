using System.Globalization;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tables;

/// <summary>
/// Parses the part of OData's <c>$filter</c> that the Table service knows: comparisons of a property with a literal, and/or/not,
/// parentheses;
/// like the service, at most 15 comparisons.
/// </summary>
internal sealed partial class TableFilterParser
{
    private const int MaxComparisons = 15;
    private readonly List<string> tokens;
    private int next;
    private int comparisons;

    private TableFilterParser(List<string> tokens) => this.tokens = tokens;

    /// <param name="text">Null or empty matches everything.</param>
    /// <exception cref="Azure.RequestFailedException">400 InvalidInput: not a filter.</exception>
    public static TableFilter Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return TableFilter.Everything;
        try
        {
            var parser = new TableFilterParser(Tokens(text));
            var filter = parser.Or();
            return parser.next == parser.tokens.Count ? filter : throw Bad($"'{parser.tokens[parser.next]}' is unexpected");
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Bad(e.Message);
        }
    }

    private static Azure.RequestFailedException Bad(string why) =>
        TableErrors.Invalid("InvalidInput", $"The filter cannot be read: {why}.");

    private static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        var at = 0;
        while (at < text.Length)
        {
            var match = Token().Match(text, at);
            if (!match.Success)
                throw Bad($"at character {at}");
            if (match.Groups[1].Success)
                tokens.Add(match.Groups[1].Value);
            at += match.Length;
        }
        return tokens;
    }

    // A literal with its prefix, a bracket, or a word or number; blanks between.
    [GeneratedRegex(@"\G(?:\s+|((?:[A-Za-z]+)?'(?:[^']|'')*'|[()]|[^\s()']+))", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    private bool Take(string word)
    {
        if (next >= tokens.Count || tokens[next] != word)
            return false;
        next++;
        return true;
    }

    private string Next() => next < tokens.Count ? tokens[next++] : throw Bad("it ends too early");

    private TableFilter Or()
    {
        var left = And();
        while (Take("or"))
            left = new TableFilter.Or(left, And());
        return left;
    }

    private TableFilter And()
    {
        var left = Unary();
        while (Take("and"))
            left = new TableFilter.And(left, Unary());
        return left;
    }

    private TableFilter Unary()
    {
        if (next > 200)
            throw Bad("it is too long");
        if (Take("not"))
            return new TableFilter.Not(Unary());
        if (!Take("("))
            return Comparison();
        var inner = Or();
        return Take(")") ? inner : throw Bad("a parenthesis is not closed");
    }

    private TableFilter.Comparison Comparison()
    {
        if (++comparisons > MaxComparisons)
            throw Bad($"it has more than {MaxComparisons} comparisons");
        var (property, comparison, literal) = (Next(), Next(), Next());
        if (comparison is not ("eq" or "ne" or "gt" or "ge" or "lt" or "le"))
            throw Bad($"'{comparison}' is no comparison");
        if (!char.IsLetter(property[0]) && property[0] != '_' || property.Contains('\''))
            throw Bad($"'{property}' is no property");
        return new TableFilter.Comparison(property, comparison, Literal(literal));
    }

    private static object Literal(string token)
    {
        var quote = token.IndexOf('\'');
        if (quote < 0)
            return Number(token);
        var text = token[(quote + 1)..^1].Replace("''", "'", StringComparison.Ordinal);
        return token[..quote] switch
        {
            "" => text,
            "datetime" => DateTimeOffset.Parse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
            ),
            "guid" => Guid.Parse(text),
            "X" or "binary" => Convert.FromHexString(text),
            var prefix => throw Bad($"'{prefix}' is no type"),
        };
    }

    private static object Number(string token) =>
        token switch
        {
            "true" => true,
            "false" => false,
            [.. var digits, 'L' or 'l'] => long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            _ when token.AsSpan().IndexOfAny(".eE") >= 0 => double.Parse(token, NumberStyles.Float, CultureInfo.InvariantCulture),
            _ when int.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var small) => small,
            _ => long.Parse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        };
}
