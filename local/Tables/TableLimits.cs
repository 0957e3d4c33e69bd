using System.Buffers;
using System.Text;

namespace IRFunctions.Local.Tables;

/// <summary>The limits of the Table service; what passes here passes there.</summary>
internal static class TableLimits
{
    public const int MaxTransactionActions = 100;
    public const int MaxPageRows = 1000;
    private const int MaxTransactionBytes = 4 * 1024 * 1024;
    private const int MaxEntityBytes = 1024 * 1024;
    private const int MaxValueBytes = 64 * 1024;
    private const int MaxKeyBytes = 1024;
    private const int MaxProperties = 252;
    private const int MaxNameLength = 255;
    private static readonly DateTimeOffset FirstMoment = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly SearchValues<char> ForbiddenInKeys = SearchValues.Create([
        .. "/\\#?",
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Select(code => (char)code),
    ]);

    public static void CheckTableName(string name)
    {
        if (name.Length is < 3 or > 63 || !char.IsAsciiLetter(name[0]) || !name.All(char.IsAsciiLetterOrDigit))
            throw TableErrors.Invalid("InvalidResourceName", $"'{name}' is not a table name: 3 to 63 letters and digits, a letter first.");
    }

    public static void CheckKey(string name, string? key)
    {
        if (key is null)
            throw TableErrors.Invalid("PropertiesNeedValue", $"{name} is missing.");
        if (key.AsSpan().ContainsAny(ForbiddenInKeys) || HasLoneSurrogate(key))
            throw TableErrors.Invalid("OutOfRangeInput", $"{name} contains a character that keys may not contain.");
        if (key.Length * 2 > MaxKeyBytes)
            throw TableErrors.Invalid("KeyValueTooLarge", $"{name} is longer than {MaxKeyBytes / 2} characters.");
    }

    public static void CheckEntity(string partitionKey, string rowKey, KeyValuePair<string, object>[] properties)
    {
        if (properties.Length > MaxProperties)
            throw TableErrors.Invalid("TooManyProperties", $"An entity has at most {MaxProperties} properties.");
        foreach (var (name, value) in properties)
            CheckProperty(name, value);
        if (EntityBytes(partitionKey, rowKey, properties) > MaxEntityBytes)
            throw TableErrors.Invalid("EntityTooLarge", "The entity is larger than 1 MiB.");
    }

    /// <summary>A transaction is one partition, at most 100 actions and 4 MiB of request body, each row once.</summary>
    public static void CheckTransaction(IReadOnlyList<RowChange> changes)
    {
        if (changes.Count > MaxTransactionActions)
            throw InTransaction("InvalidInput", "A transaction has at most 100 actions.", MaxTransactionActions - 1);
        var rows = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < changes.Count; i++)
        {
            if (changes[i].PartitionKey != changes[0].PartitionKey)
                throw InTransaction("CommandsInBatchActOnDifferentPartitions", "All actions must act on one partition.", i);
            if (!rows.Add(changes[i].RowKey))
                throw InTransaction("InvalidDuplicateRow", "A row may appear only once in a transaction.", i);
        }
        if (changes.Sum(WireBytes) > MaxTransactionBytes)
            throw InTransaction("RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.", 0);

        static Exception InTransaction(string code, string message, int index) =>
            TableErrors.InTransaction(TableErrors.Invalid(code, message), index);
    }

    /// <summary>What the wire would make of half a surrogate pair, which is not text.</summary>
    public static string AsSent(string text) => HasLoneSurrogate(text) ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;

    private static void CheckProperty(string name, object value)
    {
        if (name.Length > MaxNameLength)
            throw TableErrors.Invalid("PropertyNameTooLong", $"Property names have at most {MaxNameLength} characters.");
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(letter => char.IsLetterOrDigit(letter) || letter == '_'))
            throw TableErrors.Invalid("PropertyNameInvalid", $"'{name}' is not a property name.");
        if (value is string or byte[] && ValueBytes(value) > MaxValueBytes)
            throw TableErrors.Invalid("PropertyValueTooLarge", $"Property '{name}' is larger than 64 KiB.");
        if (value is DateTimeOffset moment && moment < FirstMoment)
            throw TableErrors.Invalid("OutOfRangeInput", $"Property '{name}' is before the year 1601.");
    }

    // As JSON in a part of a multipart body: binary as base64, text escaped (System.Text.Json's default: six bytes for what is not ASCII).
    // The headers of a part and the address of its row are about 600 bytes.
    private static long WireBytes(RowChange change)
    {
        var bytes = 600L + 2 * (JsonBytes(change.PartitionKey) + JsonBytes(change.RowKey));
        foreach (var (name, value) in change.Properties)
            bytes +=
                2 * name.Length
                + 40
                + value switch
                {
                    string text => JsonBytes(text),
                    byte[] binary => (binary.Length + 2) / 3 * 4,
                    _ => 30,
                };
        return bytes;
    }

    private static long JsonBytes(string text) => System.Text.Json.JsonEncodedText.Encode(AsSent(text)).EncodedUtf8Bytes.Length;

    // The service's own formula: 4 + keys + each property's name, type and value.
    private static int EntityBytes(string partitionKey, string rowKey, KeyValuePair<string, object>[] properties)
    {
        var bytes = 4 + (partitionKey.Length + rowKey.Length) * 2;
        foreach (var (name, value) in properties)
            bytes += 8 + name.Length * 2 + ValueBytes(value);
        return bytes;
    }

    private static int ValueBytes(object value) =>
        value switch
        {
            string text => text.Length * 2,
            byte[] bytes => bytes.Length,
            bool => 1,
            int => 4,
            Guid => 16,
            _ => 8,
        };

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }
        return false;
    }
}
