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
        var text = Composed(name.Trim()).ToLowerInvariant();
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
        // Without a colon or three dots .NET takes any number for an address.
        if (!text.Contains(':') && text.Count(c => c == '.') != 3)
            return null;
        var bare = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        return IPAddress.TryParse(bare, out var address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null;
    }

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
