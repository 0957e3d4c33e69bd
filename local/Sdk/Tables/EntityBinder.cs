using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Serialization;

namespace Azure.Data.Tables;

/// <summary>Between entities and their named values; a class of the caller's is bound by its public properties.</summary>
internal static class EntityBinder
{
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Bound = new();

    /// <summary>What goes onto the wire: everything but nulls and what the service itself keeps.</summary>
    public static Dictionary<string, object> ToWire(ITableEntity entity)
    {
        var values = new Dictionary<string, object>();
        if (entity is IDictionary<string, object> dictionary)
        {
            foreach (var (name, value) in dictionary)
                if (value is not null && name is not (TableEntity.ETagKey or nameof(ITableEntity.Timestamp))) values[name] = value;
            return values;
        }
        foreach (var (name, property) in BoundProperties(entity.GetType()))
            if (name is not (nameof(ITableEntity.ETag) or nameof(ITableEntity.Timestamp)) && property.GetValue(entity) is { } value)
                values[name] = value is Enum ? value.ToString()! : value;
        return values;
    }

    public static T FromWire<T>(Dictionary<string, object> values) where T : class, ITableEntity
    {
        if (typeof(T) == typeof(TableEntity) || typeof(T) == typeof(ITableEntity)) return (T)(ITableEntity)new TableEntity(values);
        var entity = Activator.CreateInstance<T>();
        if (values.GetValueOrDefault(TableEntity.ETagKey) is string etag) entity.ETag = new ETag(etag);
        foreach (var (name, property) in BoundProperties(typeof(T)))
        {
            if (name != nameof(ITableEntity.ETag) && property.CanWrite && values.TryGetValue(name, out var value))
                property.SetValue(entity, Convert(value, property.PropertyType));
        }
        return entity;
    }

    private static (string, PropertyInfo)[] BoundProperties(Type type) => Bound.GetOrAdd(type, t => [.. t
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.CanRead && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<IgnoreDataMemberAttribute>() is null)
        .Select(p => (p.GetCustomAttribute<DataMemberAttribute>()?.Name ?? p.Name, p))]);

    private static object Convert(object value, Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            string text when target.IsEnum => Enum.Parse(target, text),
            DateTimeOffset moment when target == typeof(DateTime) => moment.UtcDateTime,
            byte[] bytes when target == typeof(BinaryData) => new BinaryData(bytes),
            int number when target == typeof(long) => (long)number,
            int number when target == typeof(double) => (double)number,
            _ => value,
        };
    }
}
