using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IRFunctions.Policies;

internal abstract record YamlNode(int Line, int Column);

internal sealed record YamlText(string Value, bool Quoted, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlEntry(string Key, int Line, int Column, YamlNode Value);

/// <summary>
/// YAML text to a tree that still knows its places. A smaller YAML on purpose: one document, plain maps, lists and text; no anchors,
/// aliases, tags or merge keys, and bounded in size, depth and number, so that no file can blow up or say something other than what a
/// reader sees.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>Longest file in characters: room for 100,000 registrations on one line each.</summary>
    public const int MaxText = 48 * 1024 * 1024;

    public const int MaxDepth = 12;

    public const int MaxNodes = 4_000_000;

    public const int MaxScalar = 2_000;

    private readonly Parser parser;
    private readonly PolicyErrors problems;
    private int nodes;

    private YamlTree(string text, PolicyErrors problems)
    {
        parser = new Parser(new StringReader(text));
        this.problems = problems;
    }

    /// <summary>The top map; null where there is none, which is then a problem on record.</summary>
    public static YamlMap? Read(PolicyFile file, PolicyErrors problems)
    {
        if (file.Text.Length > MaxText)
        {
            problems.Add(1, 1, "", $"the file has {file.Text.Length} characters; at most {MaxText} are read");
            return null;
        }

        var tree = new YamlTree(file.Text.TrimStart('\uFEFF'), problems);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException exception)
        {
            problems.Add((int)exception.Start.Line, (int)exception.Start.Column, "", $"this is not YAML: {exception.Message}");
        }
        catch (Stopped)
        {
            // What stopped the reading is on record already.
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException)
        {
            // The scanner of YamlDotNet 16.3 answers some broken texts with these instead of its own exception (found by
            // PolicyLoaderTests).
            var place = tree.parser.Current?.End ?? Mark.Empty;
            problems.Add(Math.Max(1, (int)place.Line), Math.Max(1, (int)place.Column), "", "this is not YAML, here or soon after");
        }

        return null;
    }

    private YamlMap? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            problems.Add(1, 1, "", "the file is empty");
            return null;
        }

        parser.Consume<DocumentStart>();
        var root = ReadNode("", 0);
        parser.Consume<DocumentEnd>();
        if (!parser.Accept<StreamEnd>(out _))
            problems.Add(
                (int)parser.Current!.Start.Line,
                (int)parser.Current.Start.Column,
                "",
                "a second document starts here; one file is one document"
            );
        if (root is YamlMap map)
            return map;
        problems.Add(root.Line, root.Column, "", "the file must be a map of keys");
        return null;
    }

    private YamlNode ReadNode(string path, int depth)
    {
        if (!parser.MoveNextFrom(out var next))
            throw new Stopped();
        var (line, column) = ((int)next.Start.Line, (int)next.Start.Column);
        if (++nodes > MaxNodes)
            throw Stop(line, column, path, $"more than {MaxNodes} values in one file");
        if (depth > MaxDepth)
            throw Stop(line, column, path, $"nested deeper than {MaxDepth} levels");
        if (next is NodeEvent { Anchor.IsEmpty: false })
            problems.Add(line, column, path, "anchors are not allowed; write the value out");
        if (next is NodeEvent { Tag.IsEmpty: false })
            problems.Add(line, column, path, "tags are not allowed; write the plain value");
        return next switch
        {
            Scalar scalar => ReadScalar(scalar, path, line, column),
            SequenceStart => ReadList(path, depth, line, column),
            MappingStart => ReadMap(path, depth, line, column),
            AnchorAlias => throw Stop(line, column, path, "aliases are not allowed; write the value out"),
            _ => throw Stop(line, column, path, "something other than a value stands here"),
        };
    }

    private YamlText ReadScalar(Scalar scalar, string path, int line, int column)
    {
        if (scalar.Value.Length > MaxScalar)
            problems.Add(line, column, path, $"the text has {scalar.Value.Length} characters; at most {MaxScalar} are allowed");
        return new YamlText(scalar.Value, scalar.Style is not ScalarStyle.Plain, line, column);
    }

    private YamlList ReadList(string path, int depth, int line, int column)
    {
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
        return new YamlList(items, line, column);
    }

    private YamlMap ReadMap(string path, int depth, int line, int column)
    {
        var entries = new List<YamlEntry>();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(path, depth + 1);
            if (key is not YamlText text)
                throw Stop(key.Line, key.Column, path, "a key must be plain text");
            var keyPath = path.Length == 0 ? text.Value : $"{path}.{text.Value}";
            var value = ReadNode(keyPath, depth + 1);
            if (known.TryAdd(text.Value, key.Line))
                entries.Add(new YamlEntry(text.Value, key.Line, key.Column, value));
            else
                problems.Add(key.Line, key.Column, keyPath, $"the key is here twice; the first is in line {known[text.Value]}");
        }

        return new YamlMap(entries, line, column);
    }

    private Stopped Stop(int line, int column, string path, string problem)
    {
        problems.Add(line, column, path, problem);
        return new Stopped();
    }

    /// <summary>Ends the reading of one file after an error that makes the rest unreadable.</summary>
    private sealed class Stopped : Exception;
}

file static class ParserReading
{
    public static bool MoveNextFrom(this Parser parser, out ParsingEvent next)
    {
        var has = parser.TryConsume<ParsingEvent>(out var read);
        next = read!;
        return has;
    }
}
