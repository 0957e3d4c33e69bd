using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Queue;

/// <summary>
/// Application properties keep their type across a restart: each is written as [name, type, text], for the types Service Bus carries.
/// </summary>
internal static class PropertyCodec
{
    private static readonly Dictionary<Type, (string Tag, Func<object, string> Write, Func<string, object> Read)> ByType = new()
    {
        [typeof(string)] = ("s", v => (string)v, t => t),
        [typeof(bool)] = ("b", v => (bool)v ? "1" : "0", t => t == "1"),
        [typeof(byte)] = Number<byte>("u1"),
        [typeof(sbyte)] = Number<sbyte>("i1"),
        [typeof(short)] = Number<short>("i2"),
        [typeof(ushort)] = Number<ushort>("u2"),
        [typeof(int)] = Number<int>("i4"),
        [typeof(uint)] = Number<uint>("u4"),
        [typeof(long)] = Number<long>("i8"),
        [typeof(ulong)] = Number<ulong>("u8"),
        [typeof(float)] = Number<float>("f4"),
        [typeof(double)] = Number<double>("f8"),
        [typeof(decimal)] = Number<decimal>("m"),
        [typeof(char)] = ("c", v => v.ToString()!, t => t[0]),
        [typeof(Guid)] = ("g", v => v.ToString()!, t => Guid.Parse(t)),
        [typeof(DateTime)] = ("d", v => ((DateTime)v).ToString("O"), t =>
            DateTime.Parse(t, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)),
        [typeof(DateTimeOffset)] = ("o", v => ((DateTimeOffset)v).ToString("O"), t => DateTimeOffset.Parse(t, CultureInfo.InvariantCulture)),
        [typeof(TimeSpan)] = ("t", v => ((TimeSpan)v).ToString("c"), t => TimeSpan.Parse(t, CultureInfo.InvariantCulture)),
        [typeof(Uri)] = ("r", v => ((Uri)v).OriginalString, t => new Uri(t, UriKind.RelativeOrAbsolute)),
    };

    private static readonly Dictionary<string, Func<string, object>> Readers = ByType.Values.ToDictionary(c => c.Tag, c => c.Read);

    public static bool Supports(object? value) => value is not null && ByType.ContainsKey(value.GetType());

    public static int SizeOf(object value) => value is string text ? Encoding.UTF8.GetByteCount(text) : 8;

    public static JsonArray Write(IReadOnlyDictionary<string, object> properties)
    {
        var array = new JsonArray();
        foreach (var (name, value) in properties)
        {
            var (tag, write, _) = ByType[value.GetType()];
            array.Add((JsonNode)new JsonArray(name, tag, write(value)));
        }
        return array;
    }

    public static Dictionary<string, object> Read(JsonArray array)
    {
        var properties = new Dictionary<string, object>(array.Count);
        foreach (var entry in array) properties[(string)entry![0]!] = Readers[(string)entry[1]!]((string)entry[2]!);
        return properties;
    }

    private static (string, Func<object, string>, Func<string, object>) Number<T>(string tag) where T : struct, IFormattable, IParsable<T> =>
        (tag, v => ((T)v).ToString(null, CultureInfo.InvariantCulture), t => T.Parse(t, CultureInfo.InvariantCulture));
}
