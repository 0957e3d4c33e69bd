using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `audit witness`: cosigns checkpoints of logs (c2sp.org/tlog-witness). For somebody who does not run the pipeline: an auditor, another
/// department. Behind whatever gives it HTTPS; it listens on this machine only.
/// </summary>
internal static class WitnessCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1.", DefaultValueFactory = _ => 8099 };
        var name = new Option<string>("--name") { Description = "Name of the witness, an address without scheme.", Required = true };
        var secret = new Option<FileInfo>("--private-key")
        {
            Description = "Its Ed25519 key (openssl genpkey -algorithm ed25519).",
            Required = true,
        };
        var log = new Option<string[]>("--key") { Description = "Keys of the logs it knows, or files with one a line.", Required = true };
        var memory = new Option<DirectoryInfo>("--memory") { Description = "Folder for what it saw last of each log.", Required = true };
        var command = new Command("witness", "Cosign checkpoints of logs that continue what was seen before")
        {
            port,
            name,
            secret,
            log,
            memory,
        };
        command.SetAction(
            (result, stop) =>
                AuditCommands.GuardedAsync(
                    result,
                    async () =>
                    {
                        var signer = new Ed25519LogSigner(await File.ReadAllTextAsync(result.GetValue(secret)!.FullName, stop));
                        var witness = new Witness(
                            result.GetValue(name)!,
                            signer,
                            LogCommands.ReadKeys(result.GetValue(log)!),
                            new WitnessFolder(result.GetValue(memory)!.FullName),
                            TimeProvider.System
                        );
                        AuditCommands.Write(result, $"{witness.Key} on http://127.0.0.1:{result.GetValue(port)}/");
                        await ServeAsync(witness, result.GetValue(port), stop);
                        return AuditCommands.Whole;
                    }
                )
        );
        return command;
    }

    /// <summary>Answers until it is stopped.</summary>
    public static async Task ServeAsync(Witness witness, int port, CancellationToken stop)
    {
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await AnswerAsync(witness, await listener.GetContextAsync().WaitAsync(stop), stop);
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // Whoever asked is gone, or we are to stop.
            }
        }
    }

    private static async Task AnswerAsync(Witness witness, HttpListenerContext context, CancellationToken stop)
    {
        const int Longest = 1 << 16; // bytes; a request has some 4 KB
        using var response = context.Response;
        var body = new byte[Longest + 1];
        var length = await context.Request.InputStream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, stop);
        var answer =
            context.Request is not { HttpMethod: "POST", Url.AbsolutePath: "/add-checkpoint" }
                ? new WitnessAnswer(404, "there is only add-checkpoint\n")
            : length > Longest ? new WitnessAnswer(400, "that is longer than any checkpoint\n")
            : witness.Add(body.AsSpan(0, length));
        response.StatusCode = answer.Status;
        response.ContentType = answer.Status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8";
        await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer.Body), stop);
    }

    /// <summary>A file for each log, replaced as a whole.</summary>
    internal sealed class WitnessFolder(string folder) : IWitnessMemory
    {
        public LogCheckpoint? Last(string origin) =>
            File.Exists(PathOf(origin)) ? LogCheckpoint.Parse(File.ReadAllText(PathOf(origin))) : null;

        public void Keep(LogCheckpoint checkpoint)
        {
            System.IO.Directory.CreateDirectory(folder);
            var draft = PathOf(checkpoint.Origin) + ".draft";
            using (var file = new FileStream(draft, FileMode.Create))
            {
                file.Write(checkpoint.ToBytes());
                file.Flush(flushToDisk: true);
            }
            File.Move(draft, PathOf(checkpoint.Origin), overwrite: true);
        }

        private string PathOf(string origin) =>
            Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)).AsSpan(0, 8)) + ".checkpoint");
    }
}
