using IRFunctions.Local.Engine.Stores;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Tests.Engine;

/// <summary>A file that is not this store's is left as it is, and the person is told what to do.</summary>
public sealed class StoreFileTests : IDisposable
{
    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("store").FullName;

    [Fact]
    public void Instances_of_another_version_are_refused_with_the_remedy_and_stay_as_they_are()
    {
        var path = Path.Combine(folder, "durable.db");
        Run(
            path,
            "CREATE TABLE instances(id TEXT PRIMARY KEY, name TEXT); INSERT INTO instances VALUES('incident-1', 'RespondToIncident')"
        );
        var refused = Assert.Throws<IOException>(() => new SqliteStore(path));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--fresh", refused.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => SqliteStore.NewestChange(path));
        Assert.Equal("RespondToIncident", Run(path, "SELECT name FROM instances"));
    }

    [Fact]
    public async Task A_file_of_this_version_is_opened_again()
    {
        var path = Path.Combine(folder, "durable.db");
        for (var time = 0; time < 2; time++)
        {
            var store = new SqliteStore(path);
            Assert.Empty(store.LoadWork().Messages);
            await store.DisposeAsync();
        }
    }

    public void Dispose() => System.IO.Directory.Delete(folder, recursive: true);

    private static object? Run(string path, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
