using System.Text;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>What kind of thing an alert names.</summary>
internal enum NamedKind
{
    Account,
    Address,
    Mail,
    Device,
    Application,
    Mailbox,
}

/// <summary>A thing that an alert names, as its source would name it.</summary>
/// <param name="Id">Object id, address, network message id, device id or application id; empty where the source gives none.</param>
/// <param name="Name">Second name: principal name, Message-ID, host name.</param>
/// <param name="Where">Mail only: the recipient's address.</param>
internal sealed record Named(NamedKind Kind, string Id, string Name = "", string Where = "");

/// <summary>What the model will say about an alert.</summary>
/// <param name="Thing">Index into the alert's things; -1: the alert itself, -2: something that the alert does not name.</param>
internal sealed record Advice(string Action, int Thing, int Confidence);

/// <summary>How the model behaves about one alert.</summary>
internal enum ModelMood
{
    /// <summary>Says what the draft wants.</summary>
    Advises,

    /// <summary>Wants every action, invented ones too, on everything, at 100.</summary>
    Hostile,
    Refuses,
    Fails,
    Garbage,
    NotJson,
    Truncated,
}

/// <summary>Which real sample an alert is made from.</summary>
internal enum Template
{
    /// <summary>samples/graph-alert-account-adele.json with evidence of its own.</summary>
    GraphAlert,

    /// <summary>samples/securityalert-row-malicious-machine.json with entities of its own.</summary>
    SecurityAlertRow,

    /// <summary>samples/graph-incident-megan.json with one member that has the evidence.</summary>
    GraphIncident,

    /// <summary>One of the other samples as it stands, with ids of its own.</summary>
    Noise,

    /// <summary>Bytes that are no alert.</summary>
    Broken,
}

/// <summary>One message to the queue, as data, from which its bytes follow.</summary>
internal sealed record AlertDraft
{
    public required Template Template { get; init; }

    /// <summary>Tells one alert's title from another's, so that the model knows which one it is asked about.</summary>
    public required int Mark { get; init; }

    public required string AlertId { get; init; }

    public required string IncidentId { get; init; }

    /// <summary>The tenant that the alert claims to be of.</summary>
    public string TenantId { get; init; } = "b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c";

    /// <summary>"high", "medium", "low" or "informational".</summary>
    public required string Severity { get; init; }

    public string Status { get; init; } = "new";

    /// <summary>What its source took it for when it closed it; null where it did not say.</summary>
    public string? Classification { get; init; }

    /// <summary>Minutes after its beginning at which its source changed it last.</summary>
    public int Revision { get; init; }

    public IReadOnlyList<Named> Things { get; init; } = [];

    public IReadOnlyList<Advice> Advice { get; init; } = [];

    public ModelMood Mood { get; init; }

    /// <summary>Name that the alert gives an account, which need not be the directory's.</summary>
    public string? FalseName { get; init; }

    /// <summary>The first account's object stands twice under one name, with different values.</summary>
    public string? SecondId { get; init; }

    /// <summary>Text an attacker wrote.</summary>
    public string Injected { get; init; } = "";

    /// <summary>Only for <see cref="Template.Noise"/>: which sample.</summary>
    public int Sample { get; init; }

    /// <summary>What is new about it, for the reader: "sent again", "severity raised".</summary>
    public string Twist { get; init; } = "";

    public string Title => $"Simulated attack {Mark:D4}";

    public string Words =>
        Template == Template.Broken
            ? "a message arrives that is no alert"
            : $"a {Severity} alert {AlertId} of incident {IncidentId} arrives"
                + (Twist.Length > 0 ? $" ({Twist})" : "")
                + (Things.Count > 0 ? $" about {string.Join(", ", Things.Select(Show))}" : "")
                + (
                    Mood == ModelMood.Advises
                        ? Advice.Count > 0
                            ? $"; the model says {string.Join(", ", Advice.Select(Show))}"
                            : ""
                        : $"; the model {Mood.ToString().ToLowerInvariant()}"
                );

    private static string ThingOf(int thing) =>
        thing switch
        {
            -1 => "the alert",
            < 0 => "something else",
            _ => $"the {thing + 1}.",
        };

    private static string Show(Advice advice) => $"{advice.Action} on {ThingOf(advice.Thing)} ({advice.Confidence})";

    private static string Show(Named thing) =>
        thing.Kind switch
        {
            NamedKind.Account => $"account {Cast.UserOf(thing.Id)?.Name ?? Cast.UserOf(thing.Name)?.Name ?? thing.Id}",
            NamedKind.Mail => $"message {thing.Name} to {thing.Where}",
            NamedKind.Device => $"host {thing.Name}{(thing.Id.Length > 0 ? $" ({thing.Id[..4]}...)" : "")}",
            _ => $"{thing.Kind.ToString().ToLowerInvariant()} {(thing.Id.Length > 0 ? thing.Id : thing.Name)}",
        };

    /// <summary>The message.</summary>
    public byte[] Bytes() => Encoding.UTF8.GetBytes(AlertWriter.Write(this));

    /// <summary>The message as JSON, for those templates that are.</summary>
    public JsonNode Json() => JsonNode.Parse(AlertWriter.Write(this))!;
}
