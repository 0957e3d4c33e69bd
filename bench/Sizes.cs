using IRFunctions.Local.Durable.Stores;
using IRFunctions.Audit;
using IRFunctions.Local.Durable.History;
using Microsoft.Extensions.DependencyInjection;
namespace IRFunctions.Bench;
internal static class Sizes
{
    public static async Task RunAsync(bool accounts)
    {
        var alerts = accounts ? Alerts.AboutAccounts() : Alerts.AboutAddresses();
        await using var rig = await Rig.StartAsync(InstantModel.Recommending(accounts ? "disable_user_account_temporarily" : "add_ip_to_watchlist", alerts.EntityId), false, accounts ? new FarSide().Handler : null, AuditKinds.Outcome, AuditKinds.Asked);
        await rig.SendManyAsync(alerts, 0, 1);
        await rig.WhenCounted(accounts ? AuditKinds.Asked : AuditKinds.Outcome, 1);
        await Task.Delay(300);
        var store = rig.Machine.Services.GetRequiredService<IDurableStore>();
        foreach (var entities in (bool[])[false, true])
        foreach (var r in store.Query(new InstanceFilter { Entities = entities }))
        {
            var h = new List<ReadOnlyMemory<byte>>(); store.ReadHistory(r.Id, h);
            Console.WriteLine($"{r.Id.Length,4} {r.Id[..Math.Min(60, r.Id.Length)]} in {r.Input?.Length} out {r.Output?.Length} status {r.CustomStatus?.Length} history {h.Sum(c => c.Length)} in {h.Count}");
            foreach (var c in h) { var reader = new HistoryReader(c); while (reader.TryRead(out var e)) if (e.Payload.Length > 150) Console.WriteLine($"        {e} {e.Payload.Length}"); }
            if (r.Name == "RespondToIncident") { Console.WriteLine(System.Text.Encoding.UTF8.GetString(r.Input!)); foreach (var c in h) { var reader = new HistoryReader(c); while (reader.TryRead(out var e)) if (e.Payload.Length > 150) Console.WriteLine($"        {System.Text.Encoding.UTF8.GetString(e.Payload.Span)}"); } }
        }
        foreach (var r in store.Query(new InstanceFilter { Entities = false }).Where(r => r.Name == "RespondToIncident"))
            foreach (var e in await rig.Machine.Audit.ReadAsync(r.Id)) Console.WriteLine($"audit {e.Kind} text {e.Text.Length} data {e.Data?.Length} fact {e.FactId.Length}");
    }
}
