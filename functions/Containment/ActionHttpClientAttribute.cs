namespace IRFunctions.Containment;

/// <summary>
/// An HTTP client that an action brings along, declared on its class: the constructor takes it with <c>[FromKeyedServices(Name)]</c>, its
/// base address is set, and like every client it honours Retry-After. Nothing else has to know of it.
/// </summary>
/// <remarks>
/// The base address is the first of: the setting <c>Actions__NAME__Address</c>, which local/ points at this machine; the named setting; the
/// constant. An own setting is explained in local.settings.sample.json and set in bicep, as any setting; a constant needs none.
/// </remarks>
/// <param name="name">Name of the client.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class ActionHttpClientAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Setting with the base address, as configuration spells it: "Sentinel:Watchlist".</summary>
    public string? Setting { get; init; }

    /// <summary>Base address where no setting gives one.</summary>
    public string? Address { get; init; }

    /// <summary>Whether each request carries a token of the pipeline's own identity for that host, as Azure's services want it.</summary>
    public bool SignsIn { get; init; }

    /// <summary>Longest wait for one answer, in seconds.</summary>
    public int TimeoutSeconds { get; init; } = 100;

    /// <summary>Further delegating handlers, outermost first; made anew for each handler chain from the services.</summary>
    public Type[] Handlers { get; init; } = [];
}
