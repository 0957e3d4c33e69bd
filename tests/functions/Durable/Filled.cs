using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace IRFunctions.Tests.Durable;

/// <summary>An instance with something in every property, all of it different.</summary>
internal sealed class Filled
{
    private readonly Stack<Type> open = new();
    private int number;

    /// <summary>One; of a type that has several kinds, one of each.</summary>
    public static IEnumerable<object> All(Type type) =>
        KindsOf(type) is { Count: > 0 } kinds ? kinds.Select(k => new Filled().Of(k)!) : [new Filled().Of(type)!];

    private static List<Type> KindsOf(Type type) =>
        [.. type.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false).Select(a => a.DerivedType)];

    private object? Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        number++;
        if (type.IsEnum)
            return Enum.GetValues(type).Cast<object>().Last();
        if (Simple(type) is { } simple)
            return simple;
        if (type.IsArray)
            return Array(type.GetElementType()!);
        if (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type))
            return Collection(type);
        return type.Namespace?.StartsWith("IRFunctions.", StringComparison.Ordinal) == true
            ? Object(type)
            : throw new NotSupportedException($"Nothing fills a {type}.");
    }

    private object? Simple(Type type) =>
        Type.GetTypeCode(type) switch
        {
            TypeCode.String => $"text {number} with \u3042 and \"quotes\" <&>",
            TypeCode.Boolean => true,
            TypeCode.Int32 => number,
            TypeCode.Int64 => 4_000_000_000_000L + number,
            TypeCode.UInt64 => ulong.MaxValue - (ulong)number,
            TypeCode.Double => number + 0.1,
            TypeCode.Decimal => number + 0.1m,
            TypeCode.DateTime => new DateTime(2026, 11, 29, 3, 4, 5, DateTimeKind.Utc).AddTicks(number),
            _ => type == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 11, 29, 3, 4, 5, TimeSpan.Zero).AddTicks(number)
            : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(90_061).Add(TimeSpan.FromTicks(number))
            : type == typeof(TimeOnly) ? new TimeOnly(3, 4, 5, 6).Add(TimeSpan.FromTicks(number))
            : type == typeof(DateOnly) ? new DateOnly(2026, 11, 29).AddDays(number)
            : type == typeof(Guid) ? new Guid(number, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10])
            : type == typeof(Uri) ? new Uri($"https://example.com/{number}")
            : null,
        };

    /// <summary>Two; of a type that has several kinds, one of each.</summary>
    private Array Array(Type element)
    {
        var items = KindsOf(element) is { Count: > 0 } kinds
            ? [.. kinds.Select(Of)]
            : new[] { Of(element), Of(element) }.Where(i => i is not null).ToArray();
        var array = System.Array.CreateInstance(element, items.Length);
        items.CopyTo(array, 0);
        return array;
    }

    private object Collection(Type type)
    {
        var arguments = type.GenericTypeArguments;
        if (arguments.Length == 1)
        {
            var array = Array(arguments[0]);
            return type.IsInstanceOfType(array)
                ? array
                : Activator.CreateInstance(type.IsInterface ? typeof(HashSet<>).MakeGenericType(arguments) : type, array)!;
        }
        var map = (IDictionary)Activator.CreateInstance(type.IsInterface ? typeof(Dictionary<,>).MakeGenericType(arguments) : type)!;
        for (var i = 0; i < 2; i++)
            map.Add(Of(arguments[0])!, Of(arguments[1]));
        return map;
    }

    /// <summary>Null inside another of the same type: some hold one of their own.</summary>
    private object? Object(Type type)
    {
        if (open.Contains(type))
            return null;
        open.Push(type);
        var made = Made(type);
        open.Pop();
        return made;
    }

    private object Made(Type type)
    {
        if (KindsOf(type) is { Count: > 0 } kinds && type.IsAbstract)
            return Of(kinds[number % kinds.Count])!;
        var constructor = type.GetConstructors().OrderBy(c => c.GetParameters().Length).LastOrDefault();
        var made = constructor is null
            ? RuntimeHelpers.GetUninitializedObject(type)
            : constructor.Invoke([.. constructor.GetParameters().Select(p => Of(p.ParameterType))]);
        var given = constructor?.GetParameters().Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (
            var p in type.GetProperties()
                .Where(p =>
                    p.SetMethod is { IsPublic: true }
                    && !p.IsDefined(typeof(JsonIgnoreAttribute)) | HasCondition(p)
                    && given?.Contains(p.Name) != true
                )
        )
            p.SetValue(made, Of(p.PropertyType));
        return made;
    }

    private static bool HasCondition(PropertyInfo p) =>
        p.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: not JsonIgnoreCondition.Always };
}
