using System.Net;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class AddressRangeTests
{
    /// <summary>The prefix sets against the framework's own answer, address by address.</summary>
    [Fact]
    public void Ten_thousand_random_lookups_find_what_a_scan_finds()
    {
        var random = new Random(7);
        var texts = Enumerable.Range(0, 80).Select(_ => RandomRange(random)).Distinct().ToArray();
        var ranges = new AddressRanges<string>(texts.Select(text => (AddressRange.Parse(text)!.Value, text)));
        var networks = texts.Select(text => (text, IPNetwork.Parse(text))).ToArray();
        for (var i = 0; i < 10_000; i++)
        {
            var address = random.Next(2) == 0 ? $"10.{random.Next(4)}.{random.Next(4)}.{random.Next(256)}"
                : $"2001:db8:{random.Next(4):x}::{random.Next(65536):x}";
            List<string>? found = null;
            ranges.Find(AddressRange.Number(address)!.Value, ref found);
            Assert.Equal(networks.Where(pair => pair.Item2.Contains(IPAddress.Parse(address))).Select(pair => pair.text).Order(), (found ?? [])
                .Order());
        }
    }

    private static string RandomRange(Random random)
    {
        var isV4 = random.Next(2) == 0;
        var length = isV4 ? random.Next(8, 33) : random.Next(32, 65);
        return AddressRange.Canonical(isV4 ? $"10.{random.Next(4)}.{random.Next(4)}.{random.Next(256)}" : $"2001:db8:{random.Next(4):x}::", length);
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("2001:db8::/129")]
    [InlineData("fe80::1%3/64")]
    [InlineData("ten/8")]
    public void What_is_no_range_is_refused(string text) => Assert.Null(AddressRange.Parse(text));

    [Fact]
    public void An_address_in_IPv6_clothes_is_the_same_address() =>
        Assert.Equal(AddressRange.Number("10.0.0.1"), AddressRange.Number("::ffff:10.0.0.1"));
}
