using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>
/// Large records that nobody can change (<see cref="Immutable"/>) travel inside many payloads: an alert is in the message that brings it, in the input of
/// its orchestration and in those of its activities. Each is read once; then the same object and the same bytes are handed on. What is handed on was always
/// read: an object that came from elsewhere is never given out in place of what its bytes say.
/// </summary>
internal sealed class SharedParts(JsonSerializerOptions plain) : JsonConverterFactory
{
    /// <summary>Smaller ones are read faster than found.</summary>
    private const int ManyMembers = 12;

    private static readonly ConcurrentDictionary<Type, bool> Chosen = new();

    public override bool CanConvert(Type typeToConvert) => Chosen.GetOrAdd(typeToConvert, static type =>
        // One of several kinds of a base has its kind written beside it, which is not this converter's to do.
        type is { IsClass: true, IsSealed: true, IsArray: false } && type.BaseType == typeof(object) && !typeof(IEnumerable).IsAssignableFrom(type)
        && type.Assembly != typeof(object).Assembly && type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Length >= ManyMembers && Immutable.Is(type));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Part<>).MakeGenericType(typeToConvert), plain)!;

    private sealed class Part<T>(JsonSerializerOptions plain) : JsonConverter<T> where T : class
    {
        // Few: what it holds outlives the youngest generation. Enough for the incidents at work at one time.
        private const int Places = 256;
        private readonly Known?[] lately = new Known?[Places];

        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (DurableJson.Source is not { } source || reader.TokenType != JsonTokenType.StartObject) return JsonSerializer.Deserialize<T>(ref reader, plain);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var bytes = source[start..(int)reader.BytesConsumed];
            var value = ReadOnce.Read<T>(bytes, plain);
            if (value is not null) Volatile.Write(ref PlaceOf(value), new Known(value, bytes));
            return value;
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            var known = Volatile.Read(ref PlaceOf(value));
            if (known is not null && ReferenceEquals(known.Value, value)) writer.WriteRawValue(known.Bytes.Span, skipInputValidation: true);
            else JsonSerializer.Serialize(writer, value, plain);
        }

        private ref Known? PlaceOf(T value) => ref lately[RuntimeHelpers.GetHashCode(value) % Places];

        private sealed class Known(T value, ReadOnlyMemory<byte> bytes)
        {
            public T Value => value;

            public ReadOnlyMemory<byte> Bytes => bytes;
        }
    }
}
