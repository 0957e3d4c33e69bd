using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>
/// Large records that nobody can change (<see cref="Immutable"/>) travel inside many payloads: an alert is in the message that brings it, in the input of
/// its orchestration and in those of its activities. Each is written once and read once; then the same bytes and the same object are handed on. What is
/// handed on was always written and read: an object that came from elsewhere is never given out in place of what its bytes say.
/// </summary>
internal sealed class SharedParts(JsonSerializerOptions plain) : JsonConverterFactory
{
    /// <summary>Smaller ones are read faster than found.</summary>
    private const int ManyMembers = 12;

    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    public override bool CanConvert(Type typeToConvert) => Known.GetOrAdd(typeToConvert, static type =>
        // One of several kinds of a base has its kind written beside it, which is not this converter's to do.
        type is { IsClass: true, IsSealed: true, IsArray: false } && type.BaseType == typeof(object) && !typeof(IEnumerable).IsAssignableFrom(type)
        && type.Assembly != typeof(object).Assembly && type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Length >= ManyMembers && Immutable.Is(type));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Part<>).MakeGenericType(typeToConvert), plain)!;

    private sealed class Part<T>(JsonSerializerOptions plain) : JsonConverter<T> where T : class
    {
        private const int Places = 1024;
        private readonly Written?[] lately = new Written?[Places];

        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (DurableJson.Source is not { } source || reader.TokenType != JsonTokenType.StartObject) return JsonSerializer.Deserialize<T>(ref reader, plain);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return ReadOnce.Read<T>(source[start..(int)reader.BytesConsumed], plain);
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            ref var place = ref lately[RuntimeHelpers.GetHashCode(value) % Places];
            var known = Volatile.Read(ref place);
            if (known is null || !ReferenceEquals(known.Value, value))
                Volatile.Write(ref place, known = new Written(value, JsonSerializer.SerializeToUtf8Bytes(value, plain)));
            writer.WriteRawValue(known.Bytes, skipInputValidation: true);
        }

        private sealed record Written(T Value, byte[] Bytes);
    }
}
