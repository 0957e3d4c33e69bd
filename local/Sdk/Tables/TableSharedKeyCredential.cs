using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables;

public class TableSharedKeyCredential
{
    private byte[] key;

    public TableSharedKeyCredential(string accountName, string accountKey)
    {
        AccountName = accountName;
        key = Convert.FromBase64String(accountKey);
    }

    public string AccountName { get; }

    public void SetAccountKey(string accountKey) => Volatile.Write(ref key, Convert.FromBase64String(accountKey));

    internal string Sign(string text) => Convert.ToBase64String(HMACSHA256.HashData(Volatile.Read(ref key), Encoding.UTF8.GetBytes(text)));
}

/// <summary>
/// Shared Key Lite: date and path only. What it leaves out (content type, body hash) is what proxies and the emulator disagree about.
/// Runs on every try, since a signature is bound to its date.
/// </summary>
internal sealed class SharedKeyPolicy(TableSharedKeyCredential credential) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        var date = TimeProvider.System.GetUtcNow().ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        message.Request.Headers.SetValue("x-ms-date", date);
        var signature = credential.Sign($"{date}\n/{credential.AccountName}{message.Request.Uri.ToUri().AbsolutePath}");
        message.Request.Headers.SetValue("Authorization", $"SharedKeyLite {credential.AccountName}:{signature}");
    }
}
