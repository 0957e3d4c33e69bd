using System.CommandLine;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.TakeBack;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.TakeBack;

/// <summary>A pipeline in a state folder that dies, and the commands that people type then.</summary>
internal sealed class Rehearsed : IDisposable
{
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-take-back-");

    /// <summary>One clock for all that run here after one another.</summary>
    public VirtualTimeProvider Time { get; } = World.NewClock();

    public string State => Path.Combine(folder.FullName, "state");

    public string File(string name) => Path.Combine(folder.FullName, name);

    public Task<World> StartAsync() => World.CreateAsync(o => o with { StateFolder = State }, Time);

    /// <summary>An account is disabled with an approval; it comes back in two hours.</summary>
    public static async Task ContainAsync(World world, string user = World.Adele, string id = "1")
    {
        await world.SendAsync(Given.StolenAccount(user, $"alert-{id}", $"incident-{id}"));
        await world.RunAsync();
        var (request, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(user));
    }

    /// <summary>The files of a state folder that begin so are gone.</summary>
    public void Lose(params string[] names)
    {
        foreach (
            var file in new DirectoryInfo(State).EnumerateFiles().Where(f => names.Any(n => f.Name.StartsWith(n, StringComparison.Ordinal)))
        )
            file.Delete();
    }

    /// <summary>What a person types, without a process of its own.</summary>
    public static async Task<(int Code, string Text)> TypeAsync(params string[] arguments)
    {
        var text = new StringWriter();
        var root = RunCommand.Create();
        root.Add(TakeBackCommand.Create());
        root.Add(HoldsCommand.Create());
        var code = await root.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = text, Error = text });
        return (code, text.ToString());
    }

    /// <summary>Looks into the tenant after everything else is gone.</summary>
    public async Task<bool> CanSignInAsync(string user)
    {
        await using var world = await StartAsync();
        return await world.CanSignInAsync(user);
    }

    public static string KeyOf(string user) => ScheduledRollback.KeyOf("disable_user_account_temporarily", new Target("account", user, ""));

    public void Dispose()
    {
        foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
            file.Attributes = FileAttributes.Normal;
        folder.Delete(recursive: true);
    }
}
