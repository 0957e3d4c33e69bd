using System.Text.Json;

namespace Microsoft.DurableTask
{
    /// <summary>Turns payloads into text and back.</summary>
    public abstract class DataConverter
    {
        public abstract string? Serialize(object? value);

        public abstract object? Deserialize(string? data, Type targetType);

        public virtual T? Deserialize<T>(string? data) => Deserialize(data, typeof(T)) is { } value ? (T)value : default;
    }
}

namespace Microsoft.DurableTask.Converters
{
    /// <summary>Payloads as JSON; null stays null.</summary>
    public class JsonDataConverter : DataConverter
    {
        private static readonly JsonSerializerOptions DefaultOptions = new() { IncludeFields = true };
        private readonly JsonSerializerOptions options;

        public JsonDataConverter(JsonSerializerOptions? options = null) => this.options = options ?? DefaultOptions;

        public static JsonDataConverter Default { get; } = new();

        public override string? Serialize(object? value) => value is null ? null : JsonSerializer.Serialize(value, options);

        public override object? Deserialize(string? data, Type targetType) =>
            data is null ? null : JsonSerializer.Deserialize(data, targetType, options);
    }
}
