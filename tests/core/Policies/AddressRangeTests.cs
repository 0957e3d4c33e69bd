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
        var ranges = new AddressRanges<string>([.. texts.Select(text => (AddressRange.Parse(text)!.Value, text))]);
        var networks = texts.Select(text => (text, IPNetwork.Parse(text))).ToArray();
        for (var i = 0; i < 10_000; i++)
        {
            var address =
                random.Next(2) == 0
                    ? $"10.{random.Next(4)}.{random.Next(4)}.{random.Next(256)}"
                    : $"2001:db8:{random.Next(4):x}::{random.Next(65536):x}";
            List<string>? found = null;
            ranges.Find(AddressRange.Number(address)!.Value, ref found);
            Assert.Equal(
                networks.Where(pair => pair.Item2.Contains(IPAddress.Parse(address))).Select(pair => pair.text).Order(),
                (found ?? []).Order()
            );
        }
    }

    private static string RandomRange(Random random)
    {
        var isV4 = random.Next(2) == 0;
        var length = isV4 ? random.Next(8, 33) : random.Next(32, 65);
        return AddressRange.Canonical(
            isV4 ? $"10.{random.Next(4)}.{random.Next(4)}.{random.Next(256)}" : $"2001:db8:{random.Next(4):x}::",
            length
        );
    }

    /// <summary>
    /// What is far from every range is answered without looking; what is near, wide or in IPv6 clothes must not be lost by that.
    /// </summary>
    [Fact]
    public void A_single_range_is_found_from_everywhere_in_it_and_from_nowhere_else()
    {
        var random = new Random(11);
        string[] wide =
        [
            "0.0.0.0/0",
            "::/0",
            "::/90",
            "::ffff:0:0/96",
            "128.0.0.0/1",
            "::ffff:16.0.0.0/100",
            "255.255.255.255/32",
            "2001:db8::/32",
        ];
        foreach (
            var text in wide.Concat(Enumerable.Range(0, 60).Select(_ => AddressRange.Canonical(AnyAddress(random), random.Next(1, 33))))
        )
        {
            var range = AddressRange.Parse(text)!.Value;
            var ranges = new AddressRanges<string>([(range, text)]);
            for (var i = 0; i < 200; i++)
            {
                // Half of them differ from the range's first address in few bits only.
                var address =
                    random.Next(2) == 0 ? AddressRange.Number(AnyAddress(random))!.Value : range.Prefix ^ (UInt128.One << random.Next(64));
                List<string>? found = null;
                ranges.Find(address, ref found);
                Assert.Equal(AddressRange.Mask(address, range.Length) == range.Prefix, found is not null);
            }
        }
    }

    private static string AnyAddress(Random random) => $"{random.Next(256)}.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}";

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
