namespace IRFunctions.Alerts;

/// <summary>The word by which the prompt, the tier map and the alert's own JSON call a kind of entity.</summary>
internal static class EntityKind
{
    public static string Of(Entity entity) =>
        entity switch
        {
            AccountEntity => "account",
            HostEntity => "host",
            IpEntity => "ip",
            MailMessageEntity => "mailMessage",
            MailboxEntity => "mailbox",
            ApplicationEntity => "application",
            AzureResourceEntity => "azureResource",
            FileEntity => "file",
            ProcessEntity => "process",
            WorkloadEntity => "workload",
            UrlEntity => "url",
            RegistryEntity => "registry",
            _ => "other",
        };
}
