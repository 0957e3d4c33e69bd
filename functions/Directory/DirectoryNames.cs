using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Directory;

/// <summary>Whether what an alert calls something is one of the directory's names for it.</summary>
internal static class DirectoryNames
{
    private const int MostShown = 120;

    /// <summary>The alert's words where the directory knows no such name; null where it does, or where the alert has no words.</summary>
    public static string? CalledOtherwise(Entity entity, DirectoryIdentity identity)
    {
        if (entity.Display.Length == 0 || Parts(entity.Display).All(part => IsName(part, entity, identity)))
            return null;
        return TextBounds.OneLine(entity.Display, MostShown);
    }

    /// <summary>"Megan Bowen (CONTOSO\meganb)" is two names.</summary>
    private static string[] Parts(string display)
    {
        var open = display.LastIndexOf(" (", StringComparison.Ordinal);
        return open > 0 && display.EndsWith(')') ? [display[..open], display[(open + 2)..^1]] : [display];
    }

    private static bool IsName(string text, Entity entity, DirectoryIdentity identity)
    {
        var name = text.Trim();
        if (entity is HostEntity)
            name = HostNames.Plain(name);
        else if (name.LastIndexOf('\\') is > 0 and var at)
            name = name[(at + 1)..]; // The domain's short name is nowhere in Graph.
        return Same(identity.Name, name)
            || identity.Names.Any(known =>
                Same(known, name)
                || (entity is HostEntity && Same(HostNames.LabelOf(known), name))
                || (entity is AccountEntity && LocalPart(known) is { } local && Same(local, name))
            );
    }

    private static string? LocalPart(string name) => name.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? name[..at] : null;

    private static bool Same(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
