using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Http;

namespace IRFunctions.Tests.Http;

/// <summary>Who is believed. Each test is a token that somebody could send, and the one reason for which it must not count.</summary>
public sealed class TokenValidatorTests : IDisposable
{
    private static readonly RSA Other = RSA.Create(2048);
    private readonly TokenRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task An_honest_token_is_believed_and_its_claims_come_back()
    {
        var reading = await rig.ReadAsync(rig.Token());
        Assert.Equal(TokenProblem.None, reading.Problem);
        Assert.Equal("https://smba.trafficmanager.net/amer/", reading.Token!.Text("serviceurl"));
        Assert.Equal(["msteams"], reading.Token.Endorsements);
        Assert.Equal(rig.Now, reading.Token.IssuedAt);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("bearer")]
    [InlineData("Bearer")]
    public async Task Without_a_bearer_there_is_nobody(string? header) =>
        Assert.Equal(TokenProblem.Missing, (await rig.Validator.ValidateAsync(header, default)).Problem);

    [Theory]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("..")]
    [InlineData("e30.e30.")]
    [InlineData("e30=.e30.AAAA")]
    [InlineData("e3 0.e30.AAAA")]
    [InlineData("e30.e30.AA+A")]
    [InlineData("bnVsbA.e30.AAAA")]
    [InlineData("W10.e30.AAAA")]
    [InlineData("////.e30.AAAA")]
    public async Task What_is_not_three_parts_of_base64url_is_malformed(string token) =>
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(token));

    [Fact]
    public async Task A_token_too_large_to_be_one_is_not_even_decoded()
    {
        Assert.Equal(TokenProblem.TooLarge, await rig.ProblemAsync(new string('a', TokenValidator.MaxToken + 1)));
        Assert.Empty(rig.Fetched);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    [InlineData("rs256")]
    [InlineData("")]
    public async Task Only_RS256_counts_whatever_the_token_asks_for(string alg) =>
        Assert.Equal(TokenProblem.Algorithm, await rig.ProblemAsync(rig.Token(alg: alg)));

    [Fact]
    public async Task An_unsigned_token_and_one_signed_with_the_public_key_as_a_secret_do_not_count()
    {
        var parts = rig.Token(alg: "none").Split('.');
        Assert.NotEqual(TokenProblem.None, await rig.ProblemAsync($"{parts[0]}.{parts[1]}."));
        // The classic confusion: HMAC with the published key, which everyone knows.
        var header = Base64Url.EncodeToString("""{"alg":"HS256","kid":"good"}"""u8);
        var mac = HMACSHA256.HashData(TokenRig.Good.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes($"{header}.{parts[1]}"));
        Assert.Equal(TokenProblem.Algorithm, await rig.ProblemAsync($"{header}.{parts[1]}.{Base64Url.EncodeToString(mac)}"));
    }

    [Fact]
    public async Task Another_hash_or_padding_under_the_name_RS256_does_not_verify()
    {
        var claims = rig.Claims().ToJsonString();
        const string header = """{"alg":"RS256","kid":"good"}""";
        Assert.Equal(
            TokenProblem.Signature,
            await rig.ProblemAsync(TokenRig.Sign(header, claims, TokenRig.Good, HashAlgorithmName.SHA512))
        );
        Assert.Equal(
            TokenProblem.Signature,
            await rig.ProblemAsync(TokenRig.Sign(header, claims, TokenRig.Good, padding: RSASignaturePadding.Pss))
        );
        Assert.Equal(TokenProblem.Signature, await rig.ProblemAsync(TokenRig.Sign(header, claims, Other)));
    }

    [Fact]
    public async Task Any_changed_byte_breaks_the_signature()
    {
        var token = rig.Token();
        var parts = token.Split('.');
        var claims = Encoding
            .UTF8.GetString(Base64Url.DecodeFromChars(parts[1]))
            .Replace("3600", "9999", StringComparison.Ordinal)
            .Replace(TokenRig.Audience, TokenRig.Audience[..^1] + "3", StringComparison.Ordinal);
        Assert.Equal(
            TokenProblem.Signature,
            await rig.ProblemAsync($"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{parts[2]}")
        );
        Assert.NotEqual(TokenProblem.None, await rig.ProblemAsync($"{parts[0]}.{parts[1]}.{parts[2][..^4]}"));
    }

    [Fact]
    public async Task A_key_inside_the_token_is_never_used()
    {
        var p = Other.ExportParameters(false);
        var jwk = $$"""{"kty":"RSA","n":"{{Base64Url.EncodeToString(p.Modulus)}}","e":"AQAB"}""";
        var header = $$"""{"alg":"RS256","kid":"good","jwk":{{jwk}},"jku":"https://evil.example/keys","x5u":"https://evil.example/cert"}""";
        Assert.Equal(TokenProblem.Signature, await rig.ProblemAsync(TokenRig.Sign(header, rig.Claims().ToJsonString(), Other)));
        Assert.All(rig.Fetched, path => Assert.Contains(path, (string[])["/openid", "/keys"]));
    }

    [Fact]
    public async Task Demands_nobody_here_knows_are_not_ignored() =>
        Assert.Equal(
            TokenProblem.Malformed,
            await rig.ProblemAsync(
                TokenRig.Sign("""{"alg":"RS256","kid":"good","crit":["exp"]}""", rig.Claims().ToJsonString(), TokenRig.Good)
            )
        );

    [Theory]
    [InlineData("https://api.botframework.com/")]
    [InlineData("https://API.botframework.com")]
    [InlineData("https://sts.windows.net/00000000-0000-4000-8000-000000000001/")]
    [InlineData("")]
    public async Task Another_issuer_is_another(string issuer) =>
        Assert.Equal(TokenProblem.Issuer, await rig.ProblemAsync(rig.Token(c => c["iss"] = issuer)));

    [Fact]
    public async Task A_token_for_somebody_else_does_not_count_here()
    {
        Assert.Equal(TokenProblem.Audience, await rig.ProblemAsync(rig.Token(c => c["aud"] = "00000000-0000-4000-8000-0000000000f3")));
        Assert.Equal(TokenProblem.Audience, await rig.ProblemAsync(rig.Token(c => c.Remove("aud"))));
        Assert.Equal(
            TokenProblem.Audience,
            await rig.ProblemAsync(rig.Token(c => c["aud"] = new JsonArray(TokenRig.Audience, "somebody-else")))
        );
        Assert.Equal(TokenProblem.Issuer, await rig.ProblemAsync(rig.Token(c => c["iss"] = new JsonArray(TokenRig.Issuer))));
    }

    [Fact]
    public async Task Two_values_under_one_name_are_refused()
    {
        var twice = rig.Claims().ToJsonString()[..^1] + $",\"aud\":\"{TokenRig.Audience}\"}}";
        Assert.Equal(
            TokenProblem.Malformed,
            await rig.ProblemAsync(TokenRig.Sign("""{"alg":"RS256","kid":"good"}""", twice, TokenRig.Good))
        );
        Assert.Equal(
            TokenProblem.Malformed,
            await rig.ProblemAsync(
                TokenRig.Sign("""{"alg":"RS256","alg":"RS256","kid":"good"}""", rig.Claims().ToJsonString(), TokenRig.Good)
            )
        );
    }

    [Theory]
    [InlineData(-300, TokenProblem.Expired)]
    [InlineData(-299, TokenProblem.None)]
    public async Task Clocks_may_differ_by_five_minutes_at_the_end(int expires, object expected) =>
        Assert.Equal((TokenProblem)expected, await rig.ProblemAsync(rig.Token(c => c["exp"] = rig.Now + expires)));

    [Theory]
    [InlineData(301, TokenProblem.NotYetValid)]
    [InlineData(300, TokenProblem.None)]
    public async Task And_at_the_beginning(int begins, object expected) =>
        Assert.Equal((TokenProblem)expected, await rig.ProblemAsync(rig.Token(c => c["nbf"] = rig.Now + begins)));

    [Fact]
    public async Task A_token_without_a_time_or_with_an_absurd_one_is_malformed()
    {
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(rig.Token(c => c.Remove("exp"))));
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(rig.Token(c => c["exp"] = "9999999999")));
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(rig.Token(c => c["exp"] = 1e300)));
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(rig.Token(c => c["exp"] = long.MaxValue)));
        Assert.Equal(TokenProblem.Malformed, await rig.ProblemAsync(rig.Token(c => c["nbf"] = "now")));
    }

    [Fact]
    public async Task A_weak_key_is_refused_even_where_the_issuer_publishes_it()
    {
        using var weak = RSA.Create(1024);
        rig.Add("weak", weak);
        Assert.Equal(TokenProblem.WeakKey, await rig.ProblemAsync(rig.Token(kid: "weak", key: weak)));
    }

    [Fact]
    public async Task Zeros_before_a_weak_key_make_it_no_stronger()
    {
        using var weak = RSA.Create(1024);
        rig.Add("padded", weak, k => k["n"] = Base64Url.EncodeToString([.. new byte[128], .. weak.ExportParameters(false).Modulus!]));
        Assert.Equal(TokenProblem.WeakKey, await rig.ProblemAsync(rig.Token(kid: "padded", key: weak)));
    }

    [Fact]
    public async Task Keys_for_other_uses_and_with_an_exponent_of_one_are_no_keys()
    {
        rig.Add("enc", Other, k => k["use"] = "enc");
        rig.Add("ec", Other, k => k["kty"] = "EC");
        rig.Add("one", Other, k => k["e"] = "AQ");
        rig.Add("even", Other, k => k["e"] = "BA");
        foreach (var kid in (string[])["enc", "ec", "one", "even"])
        {
            Assert.Equal(TokenProblem.UnknownKey, await rig.ProblemAsync(rig.Token(kid: kid, key: Other)));
            rig.Time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task An_unknown_key_makes_the_keys_be_read_again_once_a_minute_at_most()
    {
        Assert.Equal(TokenProblem.None, await rig.ProblemAsync(rig.Token()));
        var once = rig.Fetched.Count;
        for (var i = 0; i < 50; i++)
            Assert.Equal(TokenProblem.UnknownKey, await rig.ProblemAsync(rig.Token(kid: $"no-{i}")));
        Assert.Equal(once, rig.Fetched.Count);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        rig.Add("new", Other);
        Assert.Equal(TokenProblem.None, await rig.ProblemAsync(rig.Token(kid: "new", key: Other)));
        for (var i = 0; i < 50; i++)
            Assert.Equal(TokenProblem.UnknownKey, await rig.ProblemAsync(rig.Token(kid: $"no-{i}")));
        Assert.Equal(2 * once, rig.Fetched.Count);
    }

    [Fact]
    public async Task A_withdrawn_key_no_longer_counts_after_a_day()
    {
        Assert.Equal(TokenProblem.None, await rig.ProblemAsync(rig.Token()));
        rig.Published.Clear();
        rig.Add("new", Other);
        rig.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(TokenProblem.UnknownKey, await rig.ProblemAsync(rig.Token()));
    }

    [Fact]
    public async Task While_the_issuer_is_away_known_keys_count_for_a_week_and_then_nobody_is_believed()
    {
        Assert.Equal(TokenProblem.None, await rig.ProblemAsync(rig.Token()));
        rig.Status = HttpStatusCode.ServiceUnavailable;
        rig.Time.Advance(TimeSpan.FromDays(6));
        Assert.Equal(TokenProblem.None, await rig.ProblemAsync(rig.Token()));
        rig.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(TokenProblem.KeysUnavailable, await rig.ProblemAsync(rig.Token()));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"jwks_uri\":5}")]
    [InlineData("{\"keys\":[null,5,{\"kid\":3}]}")]
    public async Task Without_readable_keys_nobody_is_believed(string document)
    {
        rig.Replacement = document;
        Assert.Equal(TokenProblem.KeysUnavailable, await rig.ProblemAsync(rig.Token()));
    }

    [Fact]
    public async Task A_document_too_large_to_be_one_is_not_read()
    {
        rig.Replacement = $$"""{"jwks_uri":"{{rig.KeysAddress}}","x":"{{new string('x', 600_000)}}"}""";
        Assert.Equal(TokenProblem.KeysUnavailable, await rig.ProblemAsync(rig.Token()));
        Assert.Equal(["/openid"], rig.Fetched);
    }

    [Theory]
    [InlineData("http://login.example/keys")]
    [InlineData("https://evil.example/keys")]
    [InlineData("file:///etc/passwd")]
    public async Task Keys_are_read_from_the_issuers_own_host_over_https_only(string address)
    {
        rig.KeysAddress = address;
        Assert.Equal(TokenProblem.KeysUnavailable, await rig.ProblemAsync(rig.Token()));
        Assert.DoesNotContain("/keys", rig.Fetched);
    }

    [Fact]
    public async Task Damaged_tokens_never_crash_and_never_count()
    {
        var random = new Random(20261121);
        var honest = rig.Token();
        for (var i = 0; i < 5_000; i++)
        {
            var token = honest.ToCharArray();
            for (var n = random.Next(1, 6); n > 0; n--)
                token[random.Next(token.Length)] = "AZaz09-_.=+/ \0é{}\""[random.Next(18)];
            var text = new string(token);
            if (text == honest)
                continue;
            var cut = random.Next(4) == 0 ? text[..random.Next(text.Length)] : text;
            var reading = await rig.ReadAsync(cut);
            // The last character of a 2048-bit signature carries four unused bits: another spelling of the same token.
            if (reading.Token is not null)
                Assert.Equal(honest[..^1], cut[..^1]);
        }
    }
}
