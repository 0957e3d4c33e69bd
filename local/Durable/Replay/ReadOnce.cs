using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>
/// Reads payloads for orchestrators. A replay hands the same bytes to the same code over and over, and reading them anew each time was most of its cost; what
/// was read lately is therefore handed out again, but only where the type cannot be changed by anyone (<see cref="Immutable"/>), so that no run can see
/// that another ran before it. The code itself still runs from its start on every step.
/// </summary>
internal static class ReadOnce
{
    /// <summary>Below this many bytes, reading is as cheap as finding.</summary>
    private const int WorthIt = 200;

    /// <param name="options">How to read what was not read lately; null for the engine's own.</param>
    public static T? Read<T>(ReadOnlyMemory<byte>? payload, JsonSerializerOptions? options = null)
    {
        if (payload is not { } bytes || bytes.Length < WorthIt || !Known<T>.IsImmutable) return Anew<T>(payload, options);
        ref var place = ref Known<T>.Lately[PlaceOf(bytes.Span)];
        var known = Volatile.Read(ref place);
        if (known is not null && known.Bytes.Span.SequenceEqual(bytes.Span)) return known.Value;
        var value = Anew<T>(bytes, options);
        Volatile.Write(ref place, new Entry<T>(bytes, value));
        return value;
    }

    private static T? Anew<T>(ReadOnlyMemory<byte>? payload, JsonSerializerOptions? options) => options is null || payload is not { } bytes
        ? DurableJson.Deserialize<T>(payload)
        : JsonSerializer.Deserialize<T>(bytes.Span, options);

    /// <summary>By its words; whether it is the same is then decided by all of it.</summary>
    private static int PlaceOf(ReadOnlySpan<byte> bytes)
    {
        const ulong odd = 0x9E3779B97F4A7C15UL;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        // Four at a time: a multiplication waits for the one before it, and these need not wait for each other.
        var (a, b, c, d) = ((ulong)bytes.Length, 1UL, 2UL, 3UL);
        for (; words.Length >= 4; words = words[4..])
            (a, b, c, d) = ((a ^ words[0]) * odd, (b ^ words[1]) * odd, (c ^ words[2]) * odd, (d ^ words[3]) * odd);
        foreach (var word in words) a = (a ^ word) * odd;
        return (int)(((a ^ (b >> 7) ^ (c >> 13) ^ (d >> 19)) * odd) >> 56);
    }

    private static class Known<T>
    {
        public static readonly bool IsImmutable = Immutable.Is(typeof(T));
        public static readonly Entry<T>?[] Lately = new Entry<T>?[IsImmutable ? 256 : 0]; // as many as PlaceOf has places
    }

    private sealed class Entry<T>(ReadOnlyMemory<byte> bytes, T? value)
    {
        public ReadOnlyMemory<byte> Bytes => bytes;

        public T? Value => value;
    }
}

/// <summary>Which types nobody can change once they were read: values, and sealed classes of init-only members and read-only collections of such.</summary>
internal static class Immutable
{
    private static readonly HashSet<Type> Plain =
        [typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly), typeof(Guid), typeof(Uri)];

    private static readonly HashSet<Type> ReadOnlyCollections =
        [typeof(IEnumerable<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(IReadOnlyDictionary<,>), typeof(Nullable<>)];

    public static bool Is(Type type) => Is(type, []);

    private static bool Is(Type type, HashSet<Type> asked)
    {
        if (type.IsPrimitive || type.IsEnum || Plain.Contains(type) || !asked.Add(type)) return true;
        if (type.IsGenericType && ReadOnlyCollections.Contains(type.GetGenericTypeDefinition())) return type.GetGenericArguments().All(a => Is(a, asked));
        if (!type.IsClass || type.IsArray || type == typeof(object) || typeof(Delegate).IsAssignableFrom(type)) return false;
        if (!type.IsSealed)
        {
            // Open to anyone, unless it is abstract and says itself which types it can be read as.
            var kinds = type.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false).Select(d => d.DerivedType).ToList();
            if (!type.IsAbstract || kinds.Count == 0 || !kinds.All(k => k.IsSealed && Is(k, asked))) return false;
        }

        return Fields(type).All(f => f.IsInitOnly || IsOfInitOnlyProperty(f)) && Fields(type).All(f => Is(f.FieldType, asked));
    }

    private static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (var t = type; t is not null && t != typeof(object); t = t.BaseType)
            foreach (var field in t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) yield return field;
    }

    private static bool IsOfInitOnlyProperty(FieldInfo field)
    {
        if (!field.Name.StartsWith('<') || !field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)) return false;
        var name = field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)];
        var property = field.DeclaringType!.GetProperty(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        return property?.SetMethod is not { } set || set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
    }
}
