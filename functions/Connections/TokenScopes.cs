namespace IRFunctions.Connections;

/// <summary>Scopes of access tokens, from the address that the token is for: each Azure cloud has its own.</summary>
public static class TokenScopes
{
    /// <summary>Of a service whose host is the resource itself: Microsoft Graph, Azure Resource Manager.</summary>
    public static string Of(Uri endpoint) => $"{endpoint.GetLeftPart(UriPartial.Authority)}/.default";

    /// <summary>
    /// Of a service where each resource has a host below the service's: Key Vault (name.vault.azure.net has the scope of vault.azure.net).
    /// </summary>
    public static string OfParent(Uri endpoint) =>
        endpoint.Host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            ? $"{endpoint.Scheme}://{endpoint.Host[(dot + 1)..]}/.default"
            : Of(endpoint);
}
