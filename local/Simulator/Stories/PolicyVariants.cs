using IRFunctions.Policies;

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>How the policy of a story differs from the shipped one.</summary>
internal enum PolicyVariant
{
    Usual,

    /// <summary>Disabling an account becomes tier 3.</summary>
    NoDisabling,

    /// <summary>One action a minute in the whole tenant.</summary>
    SmallBudgets,

    /// <summary>Does not load; the one before stays in force.</summary>
    Broken,
}

/// <summary>The shipped policy with the cast's people in its groups, read once for the process.</summary>
internal static class PolicyVariants
{
    private const string Ladder = """
        groups:
          soc_primary:
            members:
              - { id: 00000000-0000-4000-8000-0000000000b1, name: Alex Analyst }
              - { id: 00000000-0000-4000-8000-0000000000b5, name: Alex (admin), owner: 00000000-0000-4000-8000-0000000000b1 }
              - { id: 00000000-0000-4000-8000-0000000000b4, name: Robin Rota }
          soc_secondary:
            members:
              - { id: 00000000-0000-4000-8000-0000000000b2, name: Sam Second }
              - { id: 00000000-0000-4000-8000-0000000000b4, name: Robin Rota, owner: 00000000-0000-4000-8000-0000000000b6 }
              - { id: 00000000-0000-4000-8000-0000000000b7, name: Robin (admin), owner: 00000000-0000-4000-8000-0000000000b6 }
          soc_managers:
            members:
              - { id: 00000000-0000-4000-8000-0000000000b3, name: Morgan Manager }

        ladders:
          default:
            rungs:
              - { name: primary, after: 0 min, group: soc_primary }
              - { name: secondary, after: 5 min, group: soc_secondary }
              - { name: manager, after: 15 min, group: soc_managers, window: 15 min }

        reminder:
          lead: 2 h
          half_below: 4 h
        """;

    private const string Registered = """

          - kind: account
            id: 00000000-0000-4000-8000-0000000000a7
            name: treasury
            containment: ask
            quorum: 2
            owner: treasury@contoso.example
            ticket: CHG-20500
            why: payments stop without him
            registered: 2026-10-02
            expires: 2027-10-31
        """;

    private static readonly Lazy<IReadOnlyList<PolicyFile>> Shipped = new(() =>
        PolicyFolder.Read(Path.Combine(AppContext.BaseDirectory, "policies"))
    );

    private static readonly Lazy<IReadOnlyDictionary<PolicyVariant, IReadOnlyList<PolicyFile>>> Variants = new(() =>
        Enum.GetValues<PolicyVariant>().ToDictionary(v => v, Make)
    );

    public static IReadOnlyList<PolicyFile> Of(PolicyVariant variant) => Variants.Value[variant];

    private static IReadOnlyList<PolicyFile> Make(PolicyVariant variant) =>
        [
            .. Shipped.Value.Select(f =>
                f.Name switch
                {
                    "ladder.yaml" => f with { Text = Ladder },
                    "protected.yaml" => f with { Text = f.Text.TrimEnd() + "\n" + Registered },
                    "actions.yaml" => f with { Text = Actions(f.Text, variant) },
                    "budgets.yaml" when variant == PolicyVariant.SmallBudgets => f with
                    {
                        Text = Replace(f.Text, "  per_minute: 30\n  per_hour: 300", "  per_minute: 1\n  per_hour: 300"),
                    },
                    _ => f,
                }
            ),
        ];

    private static string Actions(string text, PolicyVariant variant) =>
        variant switch
        {
            PolicyVariant.NoDisabling => NeverDisabling(text.ReplaceLineEndings("\n")),
            PolicyVariant.Broken => text + "\n  what_is_this: [\n",
            _ => text,
        };

    /// <summary>At tier 3 nothing is asked, held or checked, so what says how does not load.</summary>
    private static string NeverDisabling(string text)
    {
        var start = text.IndexOf("  disable_user_account_temporarily:", StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf("\n\n", start, StringComparison.Ordinal);
        if (end < 0)
            throw new InvalidOperationException("The shipped policy has changed; it does not disable accounts any more.");
        string[] gone = ["    mode:", "    approval_timeout:", "    max_duration:", "    checks:", "    quorum:"];
        var lines = text[start..end]
            .Split('\n')
            .Where(l => !gone.Any(g => l.StartsWith(g, StringComparison.Ordinal)))
            .Select(l => l.StartsWith("    tier:", StringComparison.Ordinal) ? "    tier: 3" : l)
            .Select(l => l.StartsWith("    reversible:", StringComparison.Ordinal) ? "    reversible: manual" : l);
        return text[..start] + string.Join('\n', lines) + text[end..];
    }

    private static string Replace(string text, string old, string with)
    {
        text = text.ReplaceLineEndings("\n");
        return text.Contains(old, StringComparison.Ordinal)
            ? text.Replace(old, with, StringComparison.Ordinal)
            : throw new InvalidOperationException($"The shipped policy has changed; there is no \"{old}\" in it any more.");
    }
}
