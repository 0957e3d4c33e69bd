using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IRFunctions.Local.Broker;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Storage;

/// <summary>
/// A disk that is full: whoever writes hears so, health says so, and everything goes on when there is space. `PRAGMA max_page_count` makes
/// SQLite itself answer SQLITE_FULL, as it does on a full disk.
/// </summary>
public sealed class FullDiskTests : IDisposable
{
    private const int Full = 13;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1); // Before, these waited for ever.
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-full-");

    public void Dispose()
    {
        foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
            file.Attributes = FileAttributes.Normal;
        folder.Delete(recursive: true);
    }

    /// <summary>No page more than there is; or as many as one likes.</summary>
    private static Task<int> FillAsync(SqliteFile file, bool full) =>
        file.WriteAsync(on => on.Connection.CreateCommandOf($"PRAGMA max_page_count = {(full ? 1 : 1_000_000)}"));

    [Fact]
    public async Task Every_write_that_waits_hears_of_a_full_disk_and_the_next_ones_are_stored_when_there_is_space()
    {
        await using var file = new SqliteFile(Path.Combine(folder.FullName, "some.db"), "CREATE TABLE IF NOT EXISTS t (v BLOB NOT NULL)");
        await FillAsync(file, full: true);
        var writes = Enumerable.Range(0, 50).Select(_ => AddAsync(file)).ToList();
        foreach (var write in writes)
            Assert.Equal(Full, (await Assert.ThrowsAsync<SqliteException>(() => write.WaitAsync(Patience))).SqliteErrorCode);
        Assert.Contains("is full", await file.TroubleAsync().WaitAsync(Patience), StringComparison.Ordinal);
        await FillAsync(file, full: false);
        await AddAsync(file).WaitAsync(Patience);
        Assert.Null(await file.TroubleAsync());
        Assert.Equal(1, file.Read(on => on.Read("SELECT COUNT(*) FROM t", row => row.Number(0)))[0]);
    }

    [Fact]
    public async Task A_post_is_refused_in_words_health_says_why_and_both_are_well_when_there_is_space()
    {
        var options = World.Options(TimeProvider.System) with { StateFolder = folder.FullName };
        await using var server = await LoopbackServer.StartAsync(
            0,
            builder => LocalMachine.Register(builder.Services, options),
            RunCommand.Map
        );
        await using var machine = await LocalMachine.CreateAsync(server.App.Services);
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = Patience };
        var queue = ((SqliteQueueStorage)machine.Services.GetRequiredService<IQueueStorage>()).File;
        Assert.Equal(201, (await PostAsync(http)).Status);
        await FillAsync(queue, full: true);
        for (var i = 0; i < 3; i++)
        {
            var (status, problem) = await PostAsync(http);
            Assert.Equal(507, status);
            Assert.Contains("the disk of the state folder is full; free some space", problem, StringComparison.Ordinal);
        }
        var health = await http.GetAsync("api/health");
        Assert.Equal(503, (int)health.StatusCode);
        var report = await health.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains("is full", report.GetProperty("tables").GetString(), StringComparison.Ordinal);
        await FillAsync(queue, full: false);
        Assert.Equal(201, (await PostAsync(http)).Status);
        Assert.Null(await new StateDisk(folder.FullName, null, machine.Services.GetRequiredService<IQueueStorage>()).TroubleAsync());
    }

    [Fact]
    public async Task Tables_on_a_full_disk_answer_as_a_service_that_cannot_serve()
    {
        await using var file = new SqliteFile(Path.Combine(folder.FullName, "tables.db"), "");
        var table = new IRFunctions.Local.Tables.EmbeddedTableServiceClient(file, TimeProvider.System).GetTableClient("some");
        await table.CreateIfNotExistsAsync();
        await FillAsync(file, full: true);
        var row = new Azure.Data.Tables.TableEntity("p", "r") { ["Long"] = new string('x', 30_000) };
        var refused = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => table.AddEntityAsync(row).WaitAsync(Patience));
        Assert.Equal(503, refused.Status);
        await FillAsync(file, full: false);
        await table.AddEntityAsync(row).WaitAsync(Patience);
    }

    private static Task<int> AddAsync(SqliteFile file) => file.WriteAsync(on => on.Run("INSERT INTO t VALUES (?1)", new byte[100_000]));

    private static async Task<(int Status, string Text)> PostAsync(HttpClient http)
    {
        var alert = Given.StolenAccount(alert: Guid.NewGuid().ToString());
        alert["padding"] = new string('x', 100_000);
        using var answer = await http.PostAsync(
            "alerts/messages",
            new StringContent(alert.ToJsonString(), Encoding.UTF8, "application/json")
        );
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}

/// <summary>Statements without values.</summary>
internal static class PlainStatements
{
    public static int CreateCommandOf(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }
}
