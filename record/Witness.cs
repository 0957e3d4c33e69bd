using System.Buffers.Binary;
using System.Text;

namespace IRFunctions.Record;

/// <summary>What a witness answers.</summary>
/// <param name="Status">The HTTP status of c2sp.org/tlog-witness.</param>
public sealed record WitnessAnswer(int Status, string Body);

/// <summary>Where a witness keeps what it saw last of each log. Answers are given only after it was kept.</summary>
public interface IWitnessMemory
{
    /// <summary>Null where it saw none.</summary>
    LogCheckpoint? Last(string origin);

    void Keep(LogCheckpoint checkpoint);
}

/// <summary>
/// A witness (c2sp.org/tlog-witness): cosigns a checkpoint of a log it knows where the log continues what it saw before, and nothing else.
/// Run by somebody who does not run the pipeline, it makes a second history impossible to show to anyone who asks for its cosignature.
/// </summary>
public sealed class Witness(string name, Ed25519LogSigner signer, IReadOnlyList<NoteKey> logs, IWitnessMemory memory, TimeProvider time)
{
    private readonly Lock oneAtATime = new();

    /// <summary>What people give to those who verify.</summary>
    public NoteKey Key { get; } = NoteKey.Of(name, NoteKeyType.Cosignature, signer.Public);

    /// <summary>Answers `POST .../add-checkpoint`.</summary>
    public WitnessAnswer Add(ReadOnlySpan<byte> request)
    {
        LogProof proof;
        LogCheckpoint checkpoint;
        try
        {
            proof = LogProof.Parse(request);
            checkpoint = LogCheckpoint.Parse(proof.Checkpoint.Text);
        }
        catch (FormatException e)
        {
            return new WitnessAnswer(400, e.Message + "\n");
        }
        if (proof.Entry is not null || proof.Number > checkpoint.Size)
            return new WitnessAnswer(400, "the old size is larger than the log, or there is none\n");
        if (logs.All(k => k.Name != checkpoint.Origin))
            return new WitnessAnswer(404, "this witness does not know the log\n");
        try
        {
            new LogTrust(logs, [], 0).Open(proof.Checkpoint);
        }
        catch (FormatException e)
        {
            return new WitnessAnswer(403, e.Message + "\n");
        }
        lock (oneAtATime)
            return Compare(proof, checkpoint);
    }

    private WitnessAnswer Compare(LogProof proof, LogCheckpoint checkpoint)
    {
        var last = memory.Last(checkpoint.Origin) ?? new LogCheckpoint(checkpoint.Origin, 0, MerkleTree.EmptyRoot);
        if (proof.Number != last.Size)
            return new WitnessAnswer(409, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{last.Size}\n"));
        if (
            !MerkleTree.Continues(last.Size, last.Root, checkpoint.Size, checkpoint.Root, proof.Path)
            || (checkpoint.Size == 0 && !checkpoint.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot))
        )
            return new WitnessAnswer(422, $"the log does not continue the one of {last.Size} entries that this witness saw\n");
        memory.Keep(checkpoint);
        return new WitnessAnswer(200, Cosign(proof.Checkpoint).ToString());
    }

    private NoteSignature Cosign(SignedNote note)
    {
        var at = time.GetUtcNow().ToUnixTimeSeconds();
        var signature = new byte[8 + 64];
        BinaryPrimitives.WriteInt64BigEndian(signature, at);
        signer.Sign(NoteKey.Cosigned(Encoding.UTF8.GetBytes(note.Text), at)).CopyTo(signature, 8);
        return new NoteSignature(Key.Name, Key.Id, signature);
    }
}
