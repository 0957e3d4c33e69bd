using System.Diagnostics.CodeAnalysis;
using IRFunctions.People;
using Microsoft.AspNetCore.Mvc;

namespace IRFunctions.Http;

/// <summary>Errors as RFC 9457 problem details, each with a stable type and a remedy.</summary>
internal static class ProblemResults
{
    public static IActionResult Of(int status, string type, string title, string detail) =>
        new ObjectResult(
            new ProblemDetails
            {
                Status = status,
                Type = $"urn:irfunctions:{type}",
                Title = title,
                Detail = detail,
            }
        )
        {
            StatusCode = status,
            ContentTypes = { "application/problem+json" },
        };

    public static IActionResult SignIn() =>
        Of(
            401,
            "sign-in",
            "Sign in first",
            "In Azure sign in with Entra ID (Authorization: Bearer); locally send the header X-Dev-User with the object id of "
                + "someone on the ladder."
        );

    /// <summary>Whoever changes something says why; the words stand on the record.</summary>
    public static bool LacksReason([NotNullWhen(false)] string? reason, [NotNullWhen(true)] out IActionResult? problem)
    {
        var lacks = string.IsNullOrWhiteSpace(reason) || reason.Length > Objection.MaxReason;
        problem = lacks
            ? Of(400, "reason", "A reason is required", $"Say in 1 to {Objection.MaxReason} characters why; it stands on the record.")
            : null;
        return lacks;
    }

    public static IActionResult NotFound(string what) => Of(404, "not-found", "Not found", $"There is no {what}.");
}
