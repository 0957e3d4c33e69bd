using IRFunctions.Containment;
using IRFunctions.Local.CommandLine;
using IRFunctions.Policies;

namespace IRFunctions.Local.Actions;

/// <summary>A name that cannot be, a tree that is not ours, a policy that would not load. The message says what to do.</summary>
internal sealed class NewActionException(string message) : Exception(message);

/// <summary>
/// The three files of a new action, from the templates beside this file: its class, its entry in the tier map, its cases. All is worked out
/// and tried before the first byte is written.
/// </summary>
/// <param name="Name">As in the tier map.</param>
/// <param name="Class">The class, which also names the file.</param>
/// <param name="Files">Path from the root and whole new text.</param>
internal sealed record NewAction(string Name, string Class, IReadOnlyList<(string Path, string Text)> Files)
{
    public const string TierMap = "policies/actions.yaml";
    public const string Cases = "policies/actions.cases.yaml";
    private const string Folder = "functions/Containment/Actions";
    private const int LongestName = 64; // As the loader of the tier map has it.

    /// <param name="root">Root of a clone.</param>
    /// <param name="name">Wanted name.</param>
    /// <param name="catalogue">What the code can do today.</param>
    /// <param name="now">Decides what has expired in the policy.</param>
    /// <exception cref="NewActionException">It cannot be added.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static NewAction Plan(string root, string name, IReadOnlyList<ActionCapability> catalogue, DateTimeOffset now)
    {
        if (!File.Exists(Path.Combine(root, TierMap)) || !System.IO.Directory.Exists(Path.Combine(root, Folder)))
            throw new NewActionException(
                $"{root} is no clone of this project: it has no {TierMap}. Go to the root of one, or name it with --root."
            );
        var type = ClassOf(name);
        RequireFree(root, name, type, catalogue);
        var action = new NewAction(
            name,
            type,
            [
                ($"{Folder}/{type}.cs", Template("action.cs.template", name, type)),
                (TierMap, Inserted(root, TierMap, "actions", Template("action.yaml.template", name, type))),
                (Cases, Inserted(root, Cases, "cases", Template("action.cases.yaml.template", name, type))),
            ]
        );
        action.Try(root, catalogue, now);
        return action;
    }

    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(string root)
    {
        foreach (var (path, text) in Files)
            File.WriteAllText(Path.Combine(root, path), text);
    }

    /// <summary>block_sign_in becomes BlockSignIn.</summary>
    /// <exception cref="NewActionException">The name has another form.</exception>
    public static string ClassOf(string name)
    {
        var parts = name.Split('_');
        var wellFormed =
            name.Length is > 0 and <= LongestName
            && char.IsAsciiLetterLower(name[0])
            && parts.All(p => p.Length > 0 && p.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)));
        if (!wellFormed)
            throw new NewActionException(
                $"'{TextFor(name)}' is no name of an action: use a to z, 0 to 9 and single _ between words, begin with a letter, at most "
                    + $"{LongestName} characters, verb first, for example block_sign_in."
            );
        return string.Concat(parts.Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
    }

    /// <summary>A name is quoted in one line of a terminal, whatever is in it.</summary>
    private static string TextFor(string name) =>
        string.Concat(name.Take(LongestName + 1).Select(c => char.IsControl(c) ? '?' : c)) + (name.Length > LongestName + 1 ? "..." : "");

    private static void RequireFree(string root, string name, string type, IReadOnlyList<ActionCapability> catalogue)
    {
        if (catalogue.Any(c => c.Name == name))
            throw new NewActionException($"{name} exists already: see docs/actions.md. Choose another name, or change that action.");
        var taken = System
            .IO.Directory.EnumerateFiles(Path.Combine(root, Folder))
            .Select(Path.GetFileName)
            .FirstOrDefault(f => f!.Equals($"{type}.cs", StringComparison.OrdinalIgnoreCase));
        if (taken is not null)
            throw new NewActionException($"{Folder}/{taken} exists already. Choose another name, or remove that file.");
        if (typeof(IContainmentAction).Assembly.GetTypes().FirstOrDefault(t => !t.IsNested && t.Name == type) is { } other)
            throw new NewActionException($"the class of {name} would be called like {other.FullName}. Choose another name.");
        if (Lines(File.ReadAllText(Path.Combine(root, TierMap))).Any(l => l.TrimEnd() == $"  {name}:"))
            throw new NewActionException(
                $"{TierMap} lists {name} already. Take that entry and its cases out first if code is to do it, or choose another name."
            );
    }

    /// <summary>The text with a block at the end of a top-level list or map; every other byte stays.</summary>
    private static string Inserted(string root, string path, string key, string block)
    {
        var text = File.ReadAllText(Path.Combine(root, path));
        var lines = Lines(text);
        var start = Array.FindIndex(lines, l => l.TrimEnd() == $"{key}:");
        if (start < 0)
            throw new NewActionException($"{path} has no line '{key}:' to add an entry under. Put it in, in that form.");
        // The block ends where the next top-level key begins; comments and blank lines above that key belong to it.
        var end = Array.FindIndex(lines, start + 1, l => l.Length > 0 && l[0] is not (' ' or '#' or '-' or '\r' or '\n'));
        if (end < 0)
            end = lines.Length;
        while (end > start + 1 && (string.IsNullOrWhiteSpace(lines[end - 1]) || lines[end - 1][0] == '#'))
            end--;
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var before = string.Concat(lines[..end]);
        var after = string.Concat(lines[end..]);
        return (before.EndsWith('\n') ? before : before + newLine) + newLine + block.ReplaceLineEndings(newLine) + after;
    }

    /// <summary>Lines with their ends.</summary>
    private static string[] Lines(string text)
    {
        var lines = new List<string>();
        var at = 0;
        while (at < text.Length)
        {
            var end = text.IndexOf('\n', at);
            var next = end < 0 ? text.Length : end + 1;
            lines.Add(text[at..next]);
            at = next;
        }
        return [.. lines];
    }

    /// <summary>Loads the policy with the entry and runs all its cases, those of the new action included.</summary>
    private void Try(string root, IReadOnlyList<ActionCapability> catalogue, DateTimeOffset now)
    {
        var folder = Path.Combine(root, "policies");
        var reading = PolicyLoader.Load(
            Replaced(PolicyFolder.Read(folder), TierMap),
            [.. catalogue, new ActionCapability(Name, "account", Reversible: true)],
            now
        );
        if (reading.Policy is not { } policy)
            throw new NewActionException(
                $"the policy would not load with {Name}; nothing was written. Mend it first (policy check):\n"
                    + string.Join('\n', reading.Errors)
            );
        var wrong = PolicyCases.Run(Replaced(PolicyFolder.ReadCases(folder), Cases), policy).FirstOrDefault(c => c.Differences.Count > 0);
        if (wrong is not null)
            throw new NewActionException(
                $"a case of the policy would not pass with {Name}; nothing was written. Mend it first (policy test):\n"
                    + $"{wrong.File}:{wrong.Line} {wrong.Name}: {wrong.Differences[0]}"
            );
    }

    private PolicyFile[] Replaced(IReadOnlyList<PolicyFile> files, string path) =>
        [.. files.Select(f => $"policies/{f.Name}" == path ? f with { Text = Files.Single(n => n.Path == path).Text } : f)];

    private static string Template(string resource, string name, string type)
    {
        using var stream =
            typeof(NewAction).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The template {resource} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader
            .ReadToEnd()
            .ReplaceLineEndings("\n")
            .Replace("__name__", name, StringComparison.Ordinal)
            .Replace("__Class__", type, StringComparison.Ordinal);
    }
}
