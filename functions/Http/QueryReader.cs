using System.Collections.Concurrent;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using IRFunctions.Alerts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;

namespace IRFunctions.Http;

/// <summary>Says which query parameters an HTTP function takes; one without it takes none.</summary>
/// <param name="parameters">A record whose init properties are the parameters, in camel case.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class QueryAttribute(Type parameters) : Attribute
{
    public Type Parameters => parameters;
}

/// <summary>For what takes no parameters.</summary>
public sealed record NoQuery;

/// <summary>Which page of a list; lists that can be filtered have records of their own that inherit this one.</summary>
public record PageQuery
{
    /// <summary>Rows of a page at most.</summary>
    public const int Most = 200;

    private const int Usual = 50;

    [Description("Rows of a page, 1 to 200; 50 where it is not given."), Range(1, Most)]
    public int? Top { get; init; }

    [Description("Where the page before ended: `continuation` of its answer. The other parameters stay as they were.")]
    [MaxLength(2_000)]
    public string? Continuation { get; init; }

    /// <summary>Rows wanted.</summary>
    internal int Rows => Top ?? Usual;
}

/// <summary>
/// Reads query parameters into a record. What is not known is refused: a filter that is misspelt and ignored would show everything, and
/// look like an answer.
/// </summary>
internal static class QueryReader
{
    private const int MaxText = 400;
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<PropertyInfo>> Known = new();

    /// <summary>Parameters of a record, in the order in which people read them.</summary>
    public static IReadOnlyList<PropertyInfo> ParametersOf(Type query) =>
        Known.GetOrAdd(
            query,
            type =>
                [
                    .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                        .Where(p => p.SetMethod is { IsPublic: true })
                        // Filters first, then the page.
                        .OrderBy(p => p.DeclaringType == typeof(PageQuery))
                        .ThenBy(p => p.MetadataToken),
                ]
        );

    /// <summary>Name in the address.</summary>
    public static string NameOf(PropertyInfo parameter) => char.ToLowerInvariant(parameter.Name[0]) + parameter.Name[1..];

    /// <summary>Where nothing is taken.</summary>
    public static bool Refuses(HttpRequest request, [NotNullWhen(true)] out IActionResult? problem) =>
        !TryRead<NoQuery>(request, out _, out problem);

    /// <summary>The parameters, or the problem to answer with.</summary>
    public static bool TryRead<T>(HttpRequest request, [NotNullWhen(true)] out T? query, [NotNullWhen(false)] out IActionResult? problem)
        where T : class, new()
    {
        (query, problem) = (null, null);
        var known = ParametersOf(typeof(T));
        var read = new T();
        foreach (var (name, values) in request.Query)
        {
            var parameter = known.FirstOrDefault(p => NameOf(p) == name);
            if (parameter is null)
                problem = Unknown(name, known);
            else if (!TrySet(read, parameter, values, out var why))
                problem = ProblemResults.Of(400, "query", $"{name} is not what it can be", why);
            if (problem is not null)
                return false;
        }
        query = read;
        return true;
    }

    private static bool TrySet(object query, PropertyInfo parameter, StringValues values, out string why)
    {
        why = "";
        if (parameter.PropertyType == typeof(IReadOnlyList<string>))
        {
            parameter.SetValue(query, (IReadOnlyList<string>)[.. values.OfType<string>()]);
            return true;
        }
        if (values.Count > 1)
        {
            why = $"It was given {values.Count} times; give it once.";
            return false;
        }
        if (values[0] is not { Length: > 0 } text)
            return true; // An empty field of a form is one that was not filled in.
        var (value, problem) = Parse(text, parameter);
        why = problem;
        if (value is null)
            return false;
        parameter.SetValue(query, value);
        return true;
    }

    private static (object? Value, string Problem) Parse(string text, PropertyInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.PropertyType) ?? parameter.PropertyType;
        if (type == typeof(string))
        {
            var most = parameter.GetCustomAttribute<MaxLengthAttribute>()?.Length ?? MaxText;
            return text.Length <= most ? (text, "") : (null, $"Give at most {most} characters.");
        }
        if (type == typeof(int))
        {
            var range = parameter.GetCustomAttribute<RangeAttribute>();
            var (least, most) = range is null ? (0, int.MaxValue) : ((int)range.Minimum, (int)range.Maximum);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? (number, "")
                : (null, $"Give a whole number from {least} to {most}.");
        }
        if (type == typeof(bool))
            return text switch
            {
                "true" => (true, ""),
                "false" => (false, ""),
                _ => (null, "Give true or false."),
            };
        if (type == typeof(DateTimeOffset))
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? (at.ToUniversalTime(), "")
                : (null, "Write times like 2026-11-23T03:00:00Z.");
        return !char.IsAsciiDigit(text[0]) && Enum.TryParse(type, text, ignoreCase: true, out var word) && Enum.IsDefined(type, word!)
            ? (word, "")
            : (null, $"Give one of {string.Join(", ", Enum.GetNames(type))}.");
    }

    private static IActionResult Unknown(string name, IReadOnlyList<PropertyInfo> known)
    {
        var names = known.Select(NameOf).ToList();
        var shown = TextBounds.OneLine(name, 60);
        var closest = names.FirstOrDefault(n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
        return ProblemResults.Of(
            400,
            "query",
            "Unknown query parameter",
            names.Count == 0
                ? $"There is no parameter '{shown}': this address takes none."
                : $"There is no parameter '{shown}'. Known here: {string.Join(", ", names)}."
                    + (closest is null ? "" : $" Did you mean {closest}?")
        );
    }
}
