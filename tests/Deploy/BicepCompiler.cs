using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Deploy;

/// <summary>
/// The official compiler, started once as <c>bicep jsonrpc --stdio</c>: a module takes it hundredths of a second then, instead of three
/// seconds for a process each. Messages are JSON-RPC 2.0 behind a Content-Length header; Microsoft documents methods and results as stable
/// (bicep-cli-jsonrpc).
/// </summary>
internal sealed class BicepCompiler : IDisposable
{
    private readonly Lazy<Process> process = new(Start);
    private readonly Lock oneAtATime = new();
    private int questions;

    /// <summary>The result of a method; an error is an <see cref="InvalidOperationException"/> with the compiler's own words.</summary>
    public JsonObject Ask(string method, JsonObject parameters)
    {
        lock (oneAtATime)
        {
            var question = new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = ++questions,
                ["method"] = method,
                ["params"] = parameters,
            };
            var body = Encoding.UTF8.GetBytes(question.ToJsonString());
            var input = process.Value.StandardInput.BaseStream;
            input.Write(Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n"));
            input.Write(body);
            input.Flush();
            var answer = Read(process.Value.StandardOutput.BaseStream);
            return answer["result"]?.AsObject() ?? throw new InvalidOperationException($"{method}: {answer["error"]?["message"]}");
        }
    }

    /// <summary>Ends the process by ending its input; kills it, and only it, where that is not enough.</summary>
    public void Dispose()
    {
        if (!process.IsValueCreated)
            return;
        process.Value.StandardInput.Close();
        if (!process.Value.WaitForExit(TimeSpan.FromSeconds(5)))
            process.Value.Kill();
        process.Value.Dispose();
    }

    private static Process Start()
    {
        var path = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "BicepPath").Value!;
        try
        {
            var how = new ProcessStartInfo(path, ["jsonrpc", "--stdio"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            return Process.Start(how)!;
        }
        catch (Win32Exception e)
        {
            const string Elsewhere = "The tests' package is for linux-x64; elsewhere name your own: dotnet test -p:BicepPath=PATH";
            throw new InvalidOperationException($"The Bicep compiler does not start ({e.Message}): {path}. {Elsewhere}", e);
        }
    }

    private static JsonObject Read(Stream output)
    {
        const string Length = "Content-Length:";
        var length = 0;
        for (var line = ReadLine(output); line.Length > 0; line = ReadLine(output))
        {
            if (!line.StartsWith(Length, StringComparison.OrdinalIgnoreCase))
                continue;
            length = int.Parse(line[Length.Length..], CultureInfo.InvariantCulture);
        }
        var body = new byte[length];
        output.ReadExactly(body);
        return JsonSerializer.Deserialize<JsonObject>(body)!;
    }

    private static string ReadLine(Stream output)
    {
        var line = new StringBuilder();
        for (var next = output.ReadByte(); next != '\n'; next = output.ReadByte())
        {
            if (next < 0)
                throw new InvalidOperationException("The Bicep compiler ended in the middle of an answer.");
            line.Append((char)next);
        }
        return line.ToString().TrimEnd('\r');
    }
}
