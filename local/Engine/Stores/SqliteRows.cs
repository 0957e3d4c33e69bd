using System.Text.Json;
using DurableTask.Core;
using IRFunctions.Local.Engine.Histories;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>Rows of the durable store and what they mean.</summary>
internal static class SqliteRows
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS instances(
            id TEXT PRIMARY KEY, entity INTEGER NOT NULL, name TEXT NOT NULL, version TEXT, status INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
            execution INTEGER NOT NULL, steps INTEGER NOT NULL, flags INTEGER NOT NULL, output TEXT, custom TEXT, failure BLOB, tags BLOB, parent BLOB, locked TEXT) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS history(execution INTEGER NOT NULL, step INTEGER NOT NULL, events BLOB NOT NULL, PRIMARY KEY(execution, step)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS messages(
            number INTEGER PRIMARY KEY, target TEXT NOT NULL, execution INTEGER NOT NULL, due INTEGER NOT NULL, event BLOB NOT NULL);
        """;

    public const string InstanceColumns =
        "name, version, status, created, updated, execution, steps, flags, output, custom, failure, tags, parent, locked, id, entity";

    private const long StartedFlag = 1;
    private const long ContinuedFlag = 2;

    public static SqliteStatement BindInstance(SqliteStatement s, InstanceRecord r) => s
        .Bind(r.Name).Bind(r.Version).Bind((long)r.Status).Bind(r.CreatedAt).Bind(r.UpdatedAt).Bind(r.Execution).Bind(r.Steps)
        .Bind((r.Started ? StartedFlag : 0) | (r.Continued ? ContinuedFlag : 0)).Bind(r.Output).Bind(r.CustomStatus)
        .Bind(Failure(r.Failure)).Bind(Json(r.Tags)).Bind(Json(r.Parent)).Bind(r.LockedBy).Bind(r.Id);

    public static InstanceRecord Instance(SqliteStatement s) => new()
    {
        Name = s.Text(0)!,
        Version = s.Text(1),
        Status = (OrchestrationStatus)s.Long(2),
        CreatedAt = s.Long(3),
        UpdatedAt = s.Long(4),
        Execution = s.Long(5),
        Steps = s.Long(6),
        Started = (s.Long(7) & StartedFlag) != 0,
        Continued = (s.Long(7) & ContinuedFlag) != 0,
        Output = s.Text(8),
        CustomStatus = s.Text(9),
        Failure = s.Blob(10) is { Length: > 0 } failure ? FailureJson.Read(JsonElement.Parse(failure)) : null,
        Tags = s.Blob(11) is { Length: > 0 } tags ? JsonSerializer.Deserialize<Dictionary<string, string>>(tags) : null,
        Parent = s.Blob(12) is { Length: > 0 } parent ? JsonSerializer.Deserialize<ParentLink>(parent) : null,
        LockedBy = s.Text(13),
        Id = s.Text(14)!,
    };

    public static Message Message(SqliteStatement s) => new()
    {
        Number = s.Long(0), Target = s.Text(1)!, Execution = s.Long(2), Due = s.Long(3), Event = HistoryJson.DecodeOne(s.Blob(4)),
    };

    private static byte[]? Json<T>(T? value)
        where T : class => value is null ? null : JsonSerializer.SerializeToUtf8Bytes(value);

    private static byte[]? Failure(FailureDetails? failure)
    {
        if (failure is null) return null;
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) FailureJson.Write(writer, failure);
        return buffer.ToArray();
    }
}
