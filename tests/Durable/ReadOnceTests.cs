using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Durable.Replay;

namespace IRFunctions.Tests.Durable;

/// <summary>What a replay may be handed twice: only what nobody can have changed in between.</summary>
public sealed class ReadOnceTests
{
    [Theory]
    [InlineData(typeof(string), true)]
    [InlineData(typeof(int?), true)]
    [InlineData(typeof(IReadOnlyList<Sealed>), true)]
    [InlineData(typeof(Case), true)]
    [InlineData(typeof(Alert), true)]
    [InlineData(typeof(IReadOnlyList<Mandate>), true)]
    [InlineData(typeof(ContainmentOrder), true)]
    [InlineData(typeof(Closed), true)]
    [InlineData(typeof(Mandate[]), false)]
    [InlineData(typeof(List<int>), false)]
    [InlineData(typeof(object), false)]
    [InlineData(typeof(Settable), false)]
    [InlineData(typeof(WithArray), false)]
    [InlineData(typeof(WithField), false)]
    [InlineData(typeof(WithSetterOfItsOwn), false)]
    [InlineData(typeof(Open), false)]
    [InlineData(typeof(OpenChoice), false)]
    [InlineData(typeof(RegisterState), false)]
    public void Only_types_that_cannot_change_are_read_once(Type type, bool expected) => Assert.Equal(expected, Immutable.Is(type));

    [Fact]
    public void The_same_bytes_give_the_same_object_and_other_bytes_another()
    {
        var (one, two) = (Json('a'), Json('b'));
        var first = ReadOnce.Read<Sealed>(one);
        Assert.Same(first, ReadOnce.Read<Sealed>(Json('a')));
        Assert.Equal(new string('b', 500), ReadOnce.Read<Sealed>(two)!.Text);
        Assert.Equal(new string('a', 500), ReadOnce.Read<Sealed>(one)!.Text);
    }

    [Fact]
    public void What_can_change_is_read_anew_each_time()
    {
        var bytes = Json('c');
        var first = ReadOnce.Read<Settable>(bytes)!;
        first.Text = "changed";
        Assert.Equal(new string('c', 500), ReadOnce.Read<Settable>(bytes)!.Text);
    }

    private static ReadOnlyMemory<byte>? Json(char letter) => System.Text.Encoding.UTF8.GetBytes($$"""{"text":"{{new string(letter, 500)}}"}""");

    internal sealed record Sealed(string Text);

    internal sealed class Settable
    {
        public string Text { get; set; } = "";
    }

    internal sealed record WithArray(string[] Texts);

    internal sealed class WithField
    {
        internal int Number = 1;
    }

    internal sealed class WithSetterOfItsOwn
    {
        private int number;

        public int Number
        {
            get => number;
            init => number = value;
        }
    }

    internal record Open(string Text);

    [JsonDerivedType(typeof(First), "first")]
    internal abstract record Closed(string Text);

    internal sealed record First(string Text, int Number) : Closed(Text);

    [JsonDerivedType(typeof(Second), "second")]
    internal abstract record OpenChoice(string Text);

    internal sealed record Second(string Text, List<int> Numbers) : OpenChoice(Text);
}
