using System.Text;
using IRFunctions.Policies;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.People;

/// <summary>Slack as a second place to ask and tell; off where no signing secret is set.</summary>
/// <param name="SigningSecret">Proves that a request comes from Slack; a secret.</param>
/// <param name="BotToken">xoxb-..., sends messages; a secret.</param>
/// <param name="Team">Id of our workspace; requests of any other are refused.</param>
/// <param name="Endpoint">Of Slack's Web API.</param>
public sealed record SlackSettings(byte[] SigningSecret, string BotToken, string Team, Uri Endpoint)
{
    public bool Enabled => SigningSecret.Length > 0;

    /// <exception cref="FormatException">A setting is missing; the message names it.</exception>
    public static SlackSettings From(IConfiguration configuration)
    {
        var secret = configuration["Slack:SigningSecret"] ?? "";
        var (token, team) = (configuration["Slack:BotToken"] ?? "", configuration["Slack:Team"] ?? "");
        if (secret.Length > 0 && (token.Length == 0 || team.Length == 0))
            throw new FormatException("Slack__SigningSecret is set, so Slack__BotToken and Slack__Team are needed, too.");
        var endpoint = configuration["Slack:Endpoint"] is { Length: > 0 } other ? other : "https://slack.com/api/";
        return new SlackSettings(Encoding.UTF8.GetBytes(secret), token, team, new Uri(endpoint));
    }

    /// <summary>Object id of the one approver whom the policy binds to a Slack user; null for nobody, and where two claim it.</summary>
    public static string? PersonOf(Policy policy, string user) =>
        Bound(policy).Where(a => a.Slack == user).Select(a => a.ObjectId).Distinct().ToList() is [var one] ? one : null;

    /// <summary>Slack user of an approver; null where the policy names none.</summary>
    public static string? UserOf(Policy policy, string objectId) =>
        Bound(policy).FirstOrDefault(a => a.ObjectId.Equals(objectId, StringComparison.OrdinalIgnoreCase))?.Slack;

    private static IEnumerable<Approver> Bound(Policy policy) =>
        policy.Groups.Values.SelectMany(g => g.Members).Where(m => m.Slack is not null);
}
