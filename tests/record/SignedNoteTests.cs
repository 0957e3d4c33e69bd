using System.Security.Cryptography;
using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

/// <summary>Notes, keys and checkpoints against the examples that the C2SP specifications print.</summary>
public sealed class SignedNoteTests
{
    private const string ExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    private const string ExampleNote =
        "This is an example message.\n\n\u2014 example.com/foo "
        + "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    private static SignedNote Parse(string note) => SignedNote.Parse(Encoding.UTF8.GetBytes(note));

    [Fact]
    public void The_example_of_the_specification_verifies_with_its_key()
    {
        var key = NoteKey.Parse(ExampleKey);
        Assert.Equal(ExampleKey, key.ToString());
        Assert.Equal([key], Parse(ExampleNote).SignedBy([key]));
        Assert.Equal(ExampleNote, Parse(ExampleNote).ToString());
    }

    [Fact]
    public void A_word_changed_is_refused()
    {
        var changed = Parse(ExampleNote.Replace("example message", "example massage", StringComparison.Ordinal));
        Assert.Throws<FormatException>(() => changed.SignedBy([NoteKey.Parse(ExampleKey)]));
    }

    [Theory]
    [InlineData("no signature\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 name AAAA\n")] // no signature after the id
    [InlineData("text\n\n\u2014 name AAAAAAB\n")] // no base64
    [InlineData("text\n\n\u2014 na+me AAAAAAAA\n")]
    [InlineData("text\n\n\u2014  AAAAAAAA\n")]
    [InlineData("text\n\n- name AAAAAAAA\n")]
    [InlineData("te\rxt\n\n\u2014 name AAAAAAAA\n")]
    [InlineData("te\0xt\n\n\u2014 name AAAAAAAA\n")]
    [InlineData("text\n\n\u2014 name AAAAAAAA")]
    [InlineData("text\n\n\u2014 name AAAAAAAA \n")]
    [InlineData("text\n\n\u2014 name AAAAAAAA\nmore\n")]
    public void What_is_no_note_is_refused(string note) => Assert.Throws<FormatException>(() => Parse(note));

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused() =>
        Assert.Throws<FormatException>(() => SignedNote.Parse([0xff, (byte)'\n', (byte)'\n', .. "\u2014 name AAAAAAAA\n"u8]));

    [Theory]
    [InlineData("origin\n")]
    [InlineData("origin\n1\n")]
    [InlineData("\n1\nAAAA\n")]
    [InlineData("origin\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("origin\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("origin\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")] // spare bits
    [InlineData("origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\n")]
    [InlineData("origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nmore\n")]
    [InlineData("origin\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    public void What_is_no_checkpoint_is_refused(string text) => Assert.Throws<FormatException>(() => LogCheckpoint.Parse(text));

    [Theory]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")] // another id
    [InlineData("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")] // the id covers the name
    [InlineData("example.com/foo+530d903a+A+kyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")] // another type
    [InlineData("example.com/foo+530d903a")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_no_key_is_refused(string key) => Assert.Throws<FormatException>(() => NoteKey.Parse(key));

    [Fact]
    public async Task A_p256_key_signs_in_der_whatever_its_numbers_are()
    {
        using var key = new LocalCheckpointKey();
        var signer = new EcdsaLogSigner(key);
        var open = await signer.KeyAsync("log.example/1", default);
        for (var i = 0; i < 300; i++) // one in 128 has a number that is shorter
        {
            var text = Encoding.UTF8.GetBytes($"{i}\n");
            var signature = await signer.SignAsync(text, default);
            Assert.True(open.Verifies(text, signature));
            Assert.False(open.Verifies(text, [.. signature, 0]));
            Assert.False(open.Verifies(Encoding.UTF8.GetBytes($"{i + 1}\n"), signature));
        }
        Assert.Equal(open.Id.ToString("x8"), Convert.ToHexStringLower(SHA256.HashData(await key.PublicAsync(default)))[..8]);
    }

    /// <summary>Test vector 3 of RFC 8032 section 7.1: the secret, as `openssl genpkey` writes one.</summary>
    [Fact]
    public async Task An_ed25519_key_in_pem_form_signs_as_its_rfc_says()
    {
        var secret = Convert.FromHexString(
            "302e020100300506032b657004220420c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
        );
        var signer = new Ed25519LogSigner(PemEncoding.WriteString("PRIVATE KEY", secret));
        Assert.Equal(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            Convert.ToHexStringLower(await signer.SignAsync([0xaf, 0x82], default))
        );
        Assert.Throws<FormatException>(() => new Ed25519LogSigner("not a key"));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Throws<FormatException>(() => new Ed25519LogSigner(other.ExportPkcs8PrivateKeyPem()));
    }
}
