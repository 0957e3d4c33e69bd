using System.Text.Json.Nodes;
using Dapper;
using IRFunctions.Local.Storage;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Tenant;

/// <summary>Kinds of things the tenant holds; the names stand in the state file.</summary>
internal static class Kind
{
    public const string User = "user";
    public const string Group = "group";
    public const string Application = "application";
    public const string ServicePrincipal = "servicePrincipal";
    public const string Device = "device";

    /// <summary>A machine in Defender's inventory, by its machine id.</summary>
    public const string Machine = "machine";
    public const string NamedLocation = "namedLocation";
    public const string Connector = "connector";
    public const string MailFolder = "mailFolder";
    public const string Message = "message";
    public const string Watchlist = "watchlist";
    public const string WatchlistItem = "watchlistItem";
    public const string Ticket = "ticket";
    public const string TicketKey = "ticketKey";
    public const string Page = "page";
    public const string SignIn = "signIn";

    /// <summary>A row of one of the logs, whose table is in _table.</summary>
    public const string LogRow = "logRow";
    public const string Audit = "audit";
    public const string AgentState = "agentState";
    public const string Connection = "connection";
    public const string Criticality = "criticality";
}

/// <summary>
/// What the tenant holds: JSON documents by kind and id, in memory, and where a file is given also in SQLite. Reads and writes run inside
/// <see cref="Gate"/>; a write's task completes once it is on disk, and only then is the request answered, so nothing acknowledged is lost.
/// </summary>
internal sealed class TenantState : IAsyncDisposable
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS tenant_object (kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, 
            PRIMARY KEY (kind, id)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS tenant_effect (sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, effect TEXT NOT NULL,
            target TEXT NOT NULL,
          detail TEXT NOT NULL, changed INTEGER NOT NULL);
        """;

    private readonly Dictionary<string, Dictionary<string, JsonObject>> kinds = new(StringComparer.Ordinal);
    private readonly SqliteFile? file;
    private readonly TimeProvider time;
    private readonly TenantJournal journal;
    private readonly List<(string Kind, string Id, string? Json)> dirty = [];
    private readonly List<TenantEffect> effects = [];

    public TenantState(string? path, TimeProvider time, TenantJournal journal)
    {
        (this.time, this.journal) = (time, journal);
        if (path is null)
            return;
        file = new SqliteFile(path, Schema);
        file.Read(on =>
        {
            Load(on.Connection);
            return true;
        });
    }

    public Lock Gate { get; } = new();

    public bool IsEmpty => kinds.Count == 0;

    public JsonObject? Find(string kind, string id) => Of(kind).GetValueOrDefault(id);

    public IEnumerable<JsonObject> All(string kind) => Of(kind).Values;

    /// <summary>Everything it holds.</summary>
    public IEnumerable<(string Kind, string Id, JsonObject Document)> Everything() =>
        kinds.SelectMany(k => k.Value.Select(d => (k.Key, d.Key, d.Value)));

    /// <summary>Adds a document or says that it was changed in place.</summary>
    public void Put(string kind, string id, JsonObject document)
    {
        Of(kind)[id] = document;
        if (file is not null)
            dirty.Add((kind, id, document.ToJsonString()));
    }

    public bool Remove(string kind, string id)
    {
        if (!Of(kind).Remove(id))
            return false;
        if (file is not null)
            dirty.Add((kind, id, null));
        return true;
    }

    /// <summary>The next number in the tenant's life; ids are made of it, so that the same requests give the same ids.</summary>
    public long NextSequence => journal.Last + 1;

    public void Record(string effect, string target, string detail, bool changed)
    {
        var entry = new TenantEffect(NextSequence, time.GetUtcNow(), effect, target, detail, changed);
        journal.Add(entry);
        if (file is not null)
            effects.Add(entry);
    }

    /// <summary>Sends what changed since the last call to disk, in order; call inside <see cref="Gate"/>, await outside.</summary>
    public Task SaveAsync()
    {
        if (file is null || (dirty.Count == 0 && effects.Count == 0))
            return Task.CompletedTask;
        var (objects, entries) = (dirty.ToArray(), effects.ToArray());
        dirty.Clear();
        effects.Clear();
        return KeepAsync(file, objects, entries);
    }

    /// <summary>What the disk did not take is written with the next change: in memory it has happened.</summary>
    private async Task KeepAsync(SqliteFile on, (string Kind, string Id, string? Json)[] objects, TenantEffect[] entries)
    {
        try
        {
            await WriteAsync(on, objects, entries);
        }
        catch (SqliteException)
        {
            lock (Gate)
            {
                dirty.InsertRange(0, objects);
                effects.InsertRange(0, entries);
            }
            throw;
        }
    }

    private static Task WriteAsync(SqliteFile file, (string Kind, string Id, string? Json)[] objects, TenantEffect[] entries) =>
        file.WriteAsync(on =>
        {
            foreach (var (kind, id, json) in objects)
            {
                if (json is null)
                    on.Run("DELETE FROM tenant_object WHERE kind = ?1 AND id = ?2", kind, id);
                else
                    on.Run("INSERT INTO tenant_object VALUES (?1, ?2, ?3) ON CONFLICT (kind, id) DO UPDATE SET json = ?3", kind, id, json);
            }
            foreach (var e in entries)
            {
                on.Run(
                    "INSERT INTO tenant_effect VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    e.Sequence,
                    e.At.ToString("O"),
                    e.Effect,
                    e.Target,
                    e.Detail,
                    e.Changed ? 1 : 0
                );
            }
        });

    public ValueTask DisposeAsync() => file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Dictionary<string, JsonObject> Of(string kind)
    {
        if (!kinds.TryGetValue(kind, out var documents))
            kinds[kind] = documents = new(StringComparer.OrdinalIgnoreCase);
        return documents;
    }

    private void Load(SqliteConnection connection)
    {
        foreach (var (kind, id, json) in connection.Query<(string, string, string)>("SELECT kind, id, json FROM tenant_object"))
        {
            Of(kind)[id] = JsonNode.Parse(json)!.AsObject();
        }
        foreach (
            var e in connection
                .Query<(long Sequence, string At, string Effect, string Target, string Detail, bool Changed)>(
                    "SELECT sequence, at, effect, target, detail, changed FROM tenant_effect ORDER BY sequence DESC LIMIT @Capacity",
                    new { journal.Capacity }
                )
                .Reverse()
        )
        {
            journal.Add(
                new TenantEffect(
                    e.Sequence,
                    DateTimeOffset.Parse(e.At, System.Globalization.CultureInfo.InvariantCulture),
                    e.Effect,
                    e.Target,
                    e.Detail,
                    e.Changed
                )
            );
        }
    }
}
