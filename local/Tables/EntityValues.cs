using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Serialization;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Local.Tables;

/// <summary>
/// Between entities and stored rows, with the conversions the wire would make; a class is bound by its public properties.
/// </summary>
internal static class EntityValues
{
    private static readonly HashSet<string> KeptByService =
    [
        nameof(ITableEntity.PartitionKey),
        nameof(ITableEntity.RowKey),
        nameof(ITableEntity.Timestamp),
        nameof(ITableEntity.ETag),
        "odata.etag",
    ];

    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Bound = new();

    /// <exception cref="RequestFailedException">The entity breaks a limit of the service.</exception>
    /// <exception cref="NotSupportedException">A property has a type tables cannot store.</exception>
    public static RowChange ToChange(TableTransactionActionType type, ITableEntity entity, string? ifMatch = null)
    {
        TableLimits.CheckKey(nameof(ITableEntity.PartitionKey), entity.PartitionKey);
        TableLimits.CheckKey(nameof(ITableEntity.RowKey), entity.RowKey);
        if (type == TableTransactionActionType.Delete)
            return new RowChange(type, entity.PartitionKey, entity.RowKey, [], ifMatch);
        var properties = entity is TableEntity own
            ? PropertiesOf(own)
            :
            [
                .. Named(entity)
                    .Where(value => value.Value is not null && !KeptByService.Contains(value.Key))
                    .Select(value => KeyValuePair.Create(value.Key, Stored(value.Key, value.Value!))),
            ];
        TableLimits.CheckEntity(entity.PartitionKey, entity.RowKey, properties);
        return new RowChange(type, entity.PartitionKey, entity.RowKey, properties, ifMatch);
    }

    /// <summary>Nearly every row takes this way.</summary>
    private static KeyValuePair<string, object>[] PropertiesOf(TableEntity entity)
    {
        var (properties, count) = (new KeyValuePair<string, object>[entity.Count], 0);
        foreach (var (name, value) in entity)
            if (value is not null && !KeptByService.Contains(name))
                properties[count++] = KeyValuePair.Create(name, Stored(name, value));
        return properties[..count];
    }

    /// <param name="select">The properties to fill; null for all. The ETag is always filled.</param>
    public static T ToEntity<T>(TableRow row, IReadOnlySet<string>? select)
        where T : class, ITableEntity
    {
        var entity =
            typeof(T) == typeof(TableEntity) || typeof(T) == typeof(ITableEntity)
                ? (T)(ITableEntity)Fill(new TableEntity(), row, select)
                : Fill(Activator.CreateInstance<T>(), row, select);
        entity.ETag = new ETag(row.ETag);
        return entity;
    }

    private static TableEntity Fill(TableEntity entity, TableRow row, IReadOnlySet<string>? select)
    {
        if (Wanted(nameof(entity.PartitionKey)))
            entity.PartitionKey = row.PartitionKey;
        if (Wanted(nameof(entity.RowKey)))
            entity.RowKey = row.RowKey;
        if (Wanted(nameof(entity.Timestamp)))
            entity.Timestamp = row.Timestamp;
        foreach (var (name, value) in row.Properties)
            if (Wanted(name))
                entity[name] = value is byte[] bytes ? bytes.ToArray() : value;
        return entity;

        bool Wanted(string name) => select is null || select.Contains(name);
    }

    private static T Fill<T>(T entity, TableRow row, IReadOnlySet<string>? select)
        where T : class, ITableEntity
    {
        foreach (var (name, property) in BoundProperties(typeof(T)))
            if (
                property.CanWrite
                && name != nameof(ITableEntity.ETag)
                && (select is null || select.Contains(name))
                && row[name] is { } value
            )
                property.SetValue(entity, Convert(value, property.PropertyType));
        return entity;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Named(ITableEntity entity) =>
        entity is IDictionary<string, object> dictionary
            ? dictionary.Select(value => KeyValuePair.Create(value.Key, (object?)value.Value))
            : BoundProperties(entity.GetType()).Select(bound => KeyValuePair.Create(bound.Name, bound.Property.GetValue(entity)));

    private static (string Name, PropertyInfo Property)[] BoundProperties(Type type) =>
        Bound.GetOrAdd(
            type,
            t =>
                [
                    .. t.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                        .Where(p =>
                            p.CanRead && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<IgnoreDataMemberAttribute>() is null
                        )
                        .Select(p => (p.GetCustomAttribute<DataMemberAttribute>()?.Name ?? p.Name, p)),
                ]
        );

    private static object Stored(string name, object value) =>
        value switch
        {
            string text => TableLimits.AsSent(text),
            bool or int or long or double or Guid => value,
            DateTimeOffset moment => moment.ToUniversalTime(),
            DateTime moment => new DateTimeOffset(moment.ToUniversalTime()),
            byte[] bytes => bytes.ToArray(),
            BinaryData data => data.ToArray(),
            Enum => value.ToString()!,
            _ => throw new NotSupportedException($"Tables cannot store property '{name}' of {value.GetType()}."),
        };

    private static object Convert(object value, Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            string text when target.IsEnum => Enum.Parse(target, text),
            DateTimeOffset moment when target == typeof(DateTime) => moment.UtcDateTime,
            byte[] bytes => target == typeof(BinaryData) ? new BinaryData(bytes.ToArray()) : bytes.ToArray(),
            int number when target == typeof(long) => (long)number,
            int number when target == typeof(double) => (double)number,
            _ => value,
        };
    }
}
