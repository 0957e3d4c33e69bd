using System.Text;
using IRFunctions.Record;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Recording;

/// <summary>Somebody outside who cosigns what continues what they saw before.</summary>
/// <param name="Prefix">Submission prefix of c2sp.org/tlog-witness, with its last slash.</param>
public sealed record LogWitness(NoteKey Key, Uri Prefix)
{
    /// <summary>`KEY ADDRESS`, separated by commas; nothing where the text is empty.</summary>
    /// <exception cref="FormatException">It is no list of witnesses.</exception>
    public static IReadOnlyList<LogWitness> Parse(string? text) =>
        [
            .. (text ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(w =>
                    w.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var key, var address]
                    && NoteKey.Parse(key) is { Type: NoteKeyType.Cosignature } parsed
                    && Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var prefix)
                    && (prefix.Scheme == Uri.UriSchemeHttps || prefix.IsLoopback)
                        ? new LogWitness(parsed, prefix)
                        : throw new FormatException(
                            $"\"{w}\" in Record__Witnesses is no witness: write its key (type 4), a space and its https address"
                        )
                ),
        ];
}

/// <summary>
/// Asks witnesses for their cosignatures (c2sp.org/tlog-witness). Sealing does not wait for one that is down: it is asked again at the next
/// checkpoint. One that saw another history is a finding.
/// </summary>
public sealed partial class WitnessClient(HttpClient http, ILogger<WitnessClient> log)
{
    private const int MaxAnswer = 1 << 16; // bytes; a cosignature has some 150
    private const int MaxTries = 3; // what it saw last is remembered, told by it, and may have moved meanwhile
    private readonly System.Collections.Concurrent.ConcurrentDictionary<uint, long> seen = new();

    /// <returns>The note with every cosignature that was got, and what witnesses found.</returns>
    public async Task<(SignedNote Note, IReadOnlyList<Finding> Findings)> AskAsync(
        IReadOnlyList<LogWitness> witnesses,
        LogTree tree,
        SignedNote note,
        CancellationToken cancellation
    )
    {
        var findings = new List<Finding>();
        var signatures = note.Signatures.ToList();
        foreach (var witness in witnesses.Where(w => !signatures.Any(s => s.Name == w.Key.Name && s.KeyId == w.Key.Id)))
        {
            try
            {
                signatures.AddRange(await AskAsync(witness, tree, note, findings, cancellation));
            }
            catch (Exception e)
                when (e is HttpRequestException or FormatException
                    || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
                )
            {
                NoAnswer(witness.Key.Name, e);
            }
        }
        return (note with { Signatures = signatures }, findings);
    }

    private async Task<IReadOnlyList<NoteSignature>> AskAsync(
        LogWitness witness,
        LogTree tree,
        SignedNote note,
        List<Finding> findings,
        CancellationToken cancellation
    )
    {
        var old = Math.Min(seen.GetValueOrDefault(witness.Key.Id), tree.Size);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var request = new LogProof(old, null, await tree.ConsistencyAsync(old, cancellation), note);
            var (status, body) = await PostAsync(witness, request.ToString(), cancellation);
            switch (status)
            {
                case 200:
                    seen[witness.Key.Id] = tree.Size;
                    return Cosignatures(witness, note, body);
                case 409 when LogCheckpoint.Number(body.TrimEnd('\n'), "size of a log") is var size && size <= tree.Size:
                    old = size;
                    continue;
                case 409:
                    findings.Add(
                        new Finding(
                            Attacks.Truncated,
                            "the log",
                            $"has {tree.Size} entries; {witness.Key.Name} saw it with {body.TrimEnd('\n')}"
                        )
                    );
                    return [];
                case 422:
                    findings.Add(
                        new Finding(Attacks.Forked, "the log", $"does not continue the one of {old} entries that {witness.Key.Name} saw")
                    );
                    return [];
                default:
                    throw new HttpRequestException($"it answers {status}");
            }
        }
        return [];
    }

    /// <summary>Only what verifies with the witness's key; others' lines are left aside, as the specification says.</summary>
    private static IReadOnlyList<NoteSignature> Cosignatures(LogWitness witness, SignedNote note, string body)
    {
        var answer = SignedNote.Parse(Encoding.UTF8.GetBytes($"{note.Text}\n{body}"));
        return answer.SignedBy([witness.Key]).Count == 1
            ? [answer.Signatures.First(s => s.Name == witness.Key.Name && s.KeyId == witness.Key.Id)]
            : throw new FormatException("its answer holds no cosignature of its key");
    }

    private async Task<(int Status, string Body)> PostAsync(LogWitness witness, string body, CancellationToken cancellation)
    {
        using var content = new StringContent(body, Encoding.UTF8, "text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(witness.Prefix, "add-checkpoint")) { Content = content };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var answer = new byte[MaxAnswer];
        var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
        return ((int)response.StatusCode, Encoding.UTF8.GetString(answer, 0, length));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "record: the witness {Witness} did not cosign; asked again at the next checkpoint")]
    private partial void NoAnswer(string witness, Exception e);
}
