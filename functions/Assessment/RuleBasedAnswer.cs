using System.Net;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// Plain rules that stand in for the model when it is down, and that the local model endpoint answers with. Pure. They read severity,
/// techniques, tactics, category, fixed words of the detector's title, and the kinds, roles and verdicts of entities; no other text can
/// change their answer.
/// </summary>
public static class RuleBasedAnswer
{
    /// <summary>Highest confidence of an answer that stands in for the model: low enough that nothing new runs alone (S12).</summary>
    public const int FallbackCap = 60;

    private const int MaxPerAction = 3;

    /// <param name="alert">Alert to judge.</param>
    /// <param name="actions">Actions that may be named; rules for others say nothing.</param>
    /// <param name="cap">Highest confidence to claim, 0 to 100.</param>
    public static AlertAssessment For(Alert alert, IReadOnlyList<AllowedAction> actions, int cap = FallbackCap)
    {
        var signs = AttackSigns.Of(alert);
        if (!signs.HasFlag(Signs.Test))
        {
            foreach (var entity in alert.Entities)
                signs |= AttackSigns.Of(entity);
        }
        var confidence = Math.Min(cap, Confidence(alert.Severity, signs));
        var recommendations = new List<Recommendation>();
        foreach (var (action, entityId, reason) in Candidates(alert, signs))
        {
            if (recommendations.Count == AnswerReader.MaxRecommendations)
                break;
            if (actions.Any(a => a.Name == action))
                recommendations.Add(new Recommendation(action, entityId, confidence, reason));
        }
        return new AlertAssessment
        {
            Verdict = VerdictOf(alert.Severity, signs),
            Confidence = confidence,
            Reasoning = Reasoning(alert.Severity, signs),
            Recommendations = recommendations,
            Evidence = [.. recommendations.Select(r => r.EntityId).Where(id => id != AnswerReader.AlertItself).Distinct()],
            By = AssessedBy.Rules,
            PromptHash = Prompt.Classify.Hash,
        };
    }

    private static IEnumerable<(string Action, string EntityId, string Reason)> Candidates(Alert alert, Signs signs)
    {
        // A ticket always: whatever it is, somebody can look at it (S10).
        yield return ("create_alert_ticket", AnswerReader.AlertItself, "Every alert leaves a ticket that somebody can look at.");
        if (signs.HasFlag(Signs.Test) || alert.Severity is Severity.Low or Severity.Informational)
            yield break;

        if (alert.Severity == Severity.High)
        {
            yield return (
                "send_analyst_notification",
                AnswerReader.AlertItself,
                "A high-severity alert should not wait for somebody to look at the queue."
            );
        }
        foreach (var ip in Pick<IpEntity>(alert, signs, Signs.HostileAddress, IsForeign))
        {
            yield return ("add_ip_to_watchlist", ip.Id, "The alert is about hostile traffic and this is a public address in it.");
        }
        foreach (var account in Pick<AccountEntity>(alert, signs, Signs.StolenAccount, a => a.ObjectId is not null))
        {
            yield return ("disable_user_account_temporarily", account.Id, "The alert says that somebody else may be using this account.");
        }
        foreach (var application in Pick<ApplicationEntity>(alert, signs, Signs.StolenAccount, a => (a.AppId ?? a.ObjectId) is not null))
        {
            yield return ("revoke_api_key", application.Id, "The alert says that somebody else may be using this application's key.");
        }
        foreach (var mail in Pick<MailMessageEntity>(alert, signs, Signs.HostileMail, CanBeFound))
        {
            yield return ("quarantine_email", mail.Id, "The alert is about hostile mail and this is the message.");
        }
        foreach (var host in Pick<HostEntity>(alert, signs, Signs.LostHost, _ => true))
        {
            yield return ("isolate_production_host", host.Id, "The alert says that this host is under an attacker's control.");
        }
    }

    /// <summary>
    /// Entities a rule is about: where the source points at some of the kind itself, those only; else, where the alert as a whole shows the
    /// attack, each of the kind, up to a limit.
    /// </summary>
    private static IEnumerable<T> Pick<T>(Alert alert, Signs signs, Signs needed, Func<T, bool> fits)
        where T : Entity
    {
        if (!signs.HasFlag(needed))
            return [];
        var candidates = alert.Entities.OfType<T>().Where(fits).ToList();
        var pointedAt = candidates.Where(e => AttackSigns.Of(e).HasFlag(needed)).ToList();
        return (pointedAt.Count > 0 ? pointedAt : candidates).Take(MaxPerAction);
    }

    private static bool CanBeFound(MailMessageEntity mail) => mail.NetworkMessageId is not null || mail.InternetMessageId is not null;

    /// <summary>A public address: our own networks are no help on a list of hostile addresses.</summary>
    private static bool IsForeign(IpEntity ip)
    {
        if (!IPAddress.TryParse(ip.Address, out var address))
            return false;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            return false;
        if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return !address.IsIPv6LinkLocal && !address.IsIPv6UniqueLocal && !address.IsIPv6Multicast && !address.IsIPv6SiteLocal;
        }
        var bytes = address.GetAddressBytes();
        return bytes[0] is not (0 or 10 or 127 or >= 224)
            && !(bytes[0] == 172 && bytes[1] is >= 16 and < 32)
            && !(bytes[0] == 192 && bytes[1] == 168)
            && !(bytes[0] == 169 && bytes[1] == 254)
            && !(bytes[0] == 100 && bytes[1] is >= 64 and < 128);
    }

    private static int Confidence(Severity severity, Signs signs) =>
        severity switch
        {
            _ when signs.HasFlag(Signs.Test) => 95,
            Severity.High => signs == Signs.None ? 70 : 92,
            Severity.Medium => signs == Signs.None ? 60 : 85,
            Severity.Low => 70,
            Severity.Informational => 75,
            _ => 50,
        };

    private static Verdict VerdictOf(Severity severity, Signs signs) =>
        severity switch
        {
            _ when signs.HasFlag(Signs.Test) => Verdict.BenignPositive,
            Severity.High or Severity.Medium when signs != Signs.None => Verdict.TruePositive,
            _ => Verdict.Unknown,
        };

    private static string Reasoning(Severity severity, Signs signs)
    {
        if (signs.HasFlag(Signs.Test))
            return "The title is the name of a detector's own test alert.";
        if (signs == Signs.None)
            return $"An alert of {Word(severity)} severity that shows none of the attacks the rules know; a person should look.";
        var kinds = string.Join(", ", Names(signs));
        return $"An alert of {Word(severity)} severity; category, techniques, the detector's title or its evidence show {kinds}.";
    }

    private static IEnumerable<string> Names(Signs signs)
    {
        if (signs.HasFlag(Signs.HostileAddress))
            yield return "hostile traffic";
        if (signs.HasFlag(Signs.StolenAccount))
            yield return "a stolen account";
        if (signs.HasFlag(Signs.HostileMail))
            yield return "hostile mail";
        if (signs.HasFlag(Signs.LostHost))
            yield return "a host under an attacker's control";
    }

    private static string Word(Severity severity) =>
        severity switch
        {
            Severity.High => "high",
            Severity.Medium => "medium",
            Severity.Low => "low",
            Severity.Informational => "informational",
            _ => "unknown",
        };
}
