using System.Text.Json;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Record;

/// <summary>Attacks that are kept as files, one each, named after the attack; IRF_WRITE_VECTORS=1 writes them anew.</summary>
/// <param name="folder">In tests/record.</param>
internal sealed class VectorFiles<T>(string folder)
{
    public string Folder { get; } = Path.Combine(Sources.Root, "tests", "record", folder);

    public IEnumerable<string> Names() =>
        (System.IO.Directory.Exists(Folder) ? System.IO.Directory.GetFiles(Folder, "*.json") : [])
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order(StringComparer.Ordinal);

    public T Read(string attack) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(Path.Combine(Folder, attack + ".json")), AttackVectors.Json)!;

    /// <summary>Each of them is found, and they are those on file.</summary>
    public async Task AssertFoundAsync(IReadOnlyList<T> made, Func<T, string> attackOf, Func<T, Task> findsAsync)
    {
        foreach (var vector in made)
            await findsAsync(vector);
        if (Environment.GetEnvironmentVariable("IRF_WRITE_VECTORS") == "1")
        {
            System.IO.Directory.CreateDirectory(Folder);
            foreach (var vector in made)
                await File.WriteAllTextAsync(
                    Path.Combine(Folder, attackOf(vector) + ".json"),
                    JsonSerializer.Serialize(vector, AttackVectors.Json) + "\n"
                );
        }
        Assert.Equal(made.Select(attackOf).Order(StringComparer.Ordinal), Names());
    }
}
