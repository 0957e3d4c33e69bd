using System.Globalization;
using System.Net;
using System.Text;

namespace IRFunctions.Recording;

/// <summary>One form for every way of writing a name, so that what a person types finds what a detector wrote.</summary>
internal static class EntitySpelling
{
    /// <summary>
    /// Lower case, composed letters (NFC), no blanks around it; addresses as .NET prints them, IPv4 out of IPv6; GUIDs with hyphens; host
    /// names without the final dot; without "mailto:" and the brackets around an IPv6 address.
    /// </summary>
    public static string Of(string name)
    {
        var text = Composed(name.Trim()).ToLowerInvariant().Replace("[.]", ".", StringComparison.Ordinal); // 203[.]0[.]113[.]7
        if (text.StartsWith("mailto:", StringComparison.Ordinal))
            text = text["mailto:".Length..];
        if (Address(text) is { } address)
            return address;
        if (text.Length is 32 or 36 or 38 && Guid.TryParse(text, CultureInfo.InvariantCulture, out var guid))
            return guid.ToString("D");
        return text.Length > 1 ? text.TrimEnd('.') : text;
    }

    /// <summary>What people call a thing, taken apart: "Adele Vance (AdeleV@contoso.example)" is both of these.</summary>
    public static IEnumerable<string> OfDisplay(string display)
    {
        yield return Of(display);
        if (display.EndsWith(')') && display.IndexOf(" (", StringComparison.Ordinal) is > 0 and var open)
        {
            yield return Of(display[..open]);
            yield return Of(display[(open + 2)..^1]);
        }
    }

    /// <summary>The first label of a host's full name; null where there is none.</summary>
    public static string? ShortHost(string name) =>
        name.IndexOf('.') is > 0 and var dot && Address(name) is null && !name.Contains('@') ? name[..dot] : null;

    private static string? Address(string text)
    {
        var bare = text.StartsWith('[') && text.IndexOf(']') is > 0 and var close && IsPort(text[(close + 1)..]) ? text[1..close] : text;
        if (bare.Count(c => c == ':') == 1 && bare.IndexOf(':') is var colon && IsPort(bare[colon..]))
            bare = bare[..colon];
        bare = bare.Split('%')[0]; // The zone of a link-local address means something on one machine only.
        foreach (var single in (string[])["/32", "/128"])
            bare =
                bare.EndsWith(single, StringComparison.Ordinal) && bare.Contains(':') == (single == "/128") ? bare[..^single.Length] : bare;
        // Without a colon or three dots .NET takes any number for an address.
        return (bare.Contains(':') || bare.Count(c => c == '.') == 3) && IPAddress.TryParse(bare, out var address)
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : null;
    }

    private static bool IsPort(string text) => text.Length == 0 || (text[0] == ':' && text.Length > 1 && text[1..].All(char.IsAsciiDigit));

    private static string Composed(string text)
    {
        try
        {
            return text.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return text; // Half a surrogate pair: no letters to compose.
        }
    }
}
