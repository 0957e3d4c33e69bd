namespace IRFunctions.Tests.Worlds;

/// <summary>Text that grows most when it is written down: six characters of JSON for each of these, or four bytes of UTF-8.</summary>
internal static class Wide
{
    /// <summary>What an approver in Tokyo writes.</summary>
    public static string Japanese(int length) => Repeat("不審なサインインを確認した。", length);

    /// <summary>Every character is half of a pair.</summary>
    public static string Emoji(int length) => Repeat("🔥🧯", length / 2 * 2);

    /// <summary>Control characters and quotes, as hostile alerts carry them.</summary>
    public static string Control(int length) => Repeat("\u0001\"\\\u202e<", length);

    public static TheoryData<string> Kinds => [nameof(Japanese), nameof(Emoji), nameof(Control)];

    public static string Of(string kind, int length) =>
        kind switch
        {
            nameof(Japanese) => Japanese(length),
            nameof(Emoji) => Emoji(length),
            _ => Control(length),
        };

    private static string Repeat(string text, int length) => string.Concat(Enumerable.Repeat(text, length / text.Length + 1))[..length];
}
