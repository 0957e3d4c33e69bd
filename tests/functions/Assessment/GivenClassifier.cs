using IRFunctions.Alerts;
using IRFunctions.Assessment;

namespace IRFunctions.Tests.Assessment;

/// <summary>Alerts, actions and endpoints the classification tests start from.</summary>
internal static class GivenClassifier
{
    public const string AdeleId = "00000000-0000-4000-8000-0000000000a1";

    public static readonly IReadOnlyList<AllowedAction> Actions =
    [
        new("create_alert_ticket", 1, "alert", "open a ticket for an analyst"),
        new("send_analyst_notification", 1, "alert", "page the analyst on duty"),
        new("add_ip_to_watchlist", 1, "ip", "watch an address more closely; blocks nothing"),
        new("increase_logging_verbosity", 1, "host", "log more for an hour"),
        new("quarantine_email", 1, "mailMessage", "take one message out of a mailbox"),
        new("block_ip_at_firewall", 2, "ip", "block an address"),
        new("disable_user_account_temporarily", 2, "account", "stop an account from signing in, for two hours"),
        new("revoke_user_sessions", 2, "account", "sign an account out everywhere"),
        new("revoke_api_key", 2, "application", "make a key useless"),
        new("isolate_production_host", 3, "host", "cut a host off the network"),
        new("revoke_service_account_credential", 3, "application", "make a service's credential useless"),
        new("block_cidr_range", 3, "ip", "block a whole range"),
        new("initiate_forensic_capture", 3, "host", "capture memory and disk"),
        new("send_breach_notification", 3, "alert", "tell the authorities"),
    ];

    public static Alert SpraySignIn =>
        new()
        {
            Id = "a-1",
            TenantId = "t-1",
            Shape = AlertShape.SentinelAlert,
            Title = "Password spray from an anonymous IP address",
            Description = "Many accounts were tried from one address.",
            Severity = Severity.High,
            Tactics = ["CredentialAccess"],
            Techniques = ["T1110.003"],
            Entities =
            [
                new IpEntity { Id = "e1", Address = "198.51.100.7" },
                new AccountEntity
                {
                    Id = "e2",
                    ObjectId = AdeleId,
                    UserPrincipalName = "AdeleV@contoso.example",
                },
                new HostEntity { Id = "e3", HostName = "vm-web-1" },
            ],
        };

    public static ClassificationOptions Options =>
        new()
        {
            Endpoint = new Uri("http://127.0.0.1:9/openai/v1/"),
            Deployment = "test-model",
            Timeout = TimeSpan.FromSeconds(20),
            CacheFor = TimeSpan.Zero, // most tests ask the same thing again and mean it
        };

    /// <summary>A classifier whose waits between retries take no time.</summary>
    public static Classifier Classifier(HttpMessageHandler handler, TimeProvider? time = null) =>
        new(ModelConnection.Create(Options, handler: handler, time: new InstantClock()), Options, time);
}

/// <summary>A clock on which every wait is over at once; endless waits stay endless.</summary>
internal sealed class InstantClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Done();
    }

    private sealed class Done : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
