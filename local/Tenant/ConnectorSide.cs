using System.Text.Json.Nodes;
using IRFunctions.Local.Connector;

namespace IRFunctions.Local.Tenant;

/// <summary>/connector: the sample receiver, with the tenant's memory and the tenant's faults.</summary>
internal sealed class ConnectorSide(TenantState state, TimeProvider time) : IReceiverStore
{
    /// <summary>The key local settings sign with. Thirty-two zero bytes: it opens nothing.</summary>
    public static readonly byte[] Key = new byte[32];

    public TenantResponse Handle(Exchange exchange)
    {
        var request = exchange.Request;
        var call = new ConnectorCall(
            request.Method,
            request.CommandHeaders.KeyId,
            request.CommandHeaders.Timestamp,
            request.CommandHeaders.Signature,
            request.IdempotencyKey,
            request.Body
        );
        var (status, body) = new SampleReceiver(Key, time, this).Receive(call);
        return exchange.Json(status, body) with { ContentType = "application/openc2-rsp+json;version=1.0" };
    }

    JsonObject? IReceiverStore.Find(string key) => state.Find(Kind.Connector, key);

    void IReceiverStore.Put(string key, JsonObject value) => state.Put(Kind.Connector, key, value);

    void IReceiverStore.Record(string effect, string target, string detail, bool changed) => state.Record(effect, target, detail, changed);
}
