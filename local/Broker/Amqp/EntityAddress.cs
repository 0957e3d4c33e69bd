namespace IRFunctions.Local.Broker.Amqp;

/// <summary>What a link's address names: a queue or its dead letters, the messages or the management node beside them.</summary>
internal readonly record struct EntityAddress(string Queue, bool DeadLetters, bool Management)
{
    public const string Cbs = "$cbs";
    private const string DeadLetterQueue = "/$deadletterqueue";
    private const string ManagementNode = "/$management";

    /// <summary>Clients write a path with or without a slash before it, escaped as in a URI; names ignore case.</summary>
    public static EntityAddress Parse(string address)
    {
        var path = Uri.UnescapeDataString(address).Trim('/');
        var management = Cut(ref path, ManagementNode);
        return new EntityAddress(path, Cut(ref path, DeadLetterQueue), management) with { Queue = path };
    }

    private static bool Cut(ref string path, string suffix)
    {
        if (!path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            return false;
        path = path[..^suffix.Length];
        return true;
    }
}
