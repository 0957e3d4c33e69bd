using System.CommandLine;
using IRFunctions.Policies;

namespace IRFunctions.Local.Actions;

/// <summary>`new action NAME`. Exit codes: 0 written, 1 refused and nothing written, 2 something could not be read or written.</summary>
internal static class NewCommand
{
    public static Command Create(IReadOnlyList<ActionCapability> catalogue, TimeProvider time)
    {
        var name = new Argument<string>("name") { Description = "Its name in the tier map: a to z, 0 to 9 and _, verb first" };
        var root = PagesCommand.RepositoryOption();
        var action = new Command("action", "Write the three files of a new action from a template that works") { name, root };
        action.SetAction(result =>
        {
            var (output, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            try
            {
                var planned = NewAction.Plan(result.GetValue(root)!, result.GetValue(name)!, catalogue, time.GetUtcNow());
                planned.Write(result.GetValue(root)!);
                output.WriteLine(TextOf(planned));
                return 0;
            }
            catch (NewActionException exception)
            {
                error.WriteLine(exception.Message);
                return 1;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                error.WriteLine(exception.Message);
                return 2;
            }
        });
        return new Command("new", "Begin something new from a template") { action };
    }

    private static string TextOf(NewAction action) =>
        $"""
            wrote   {action.Files[0].Path}
            changed {NewAction.TierMap}: {action.Name}, tier 2, mode observe, so nothing runs
            changed {NewAction.Cases}: two cases

            It works as it stands: it switches an account off and on again. Next:
              1. Put your own effect into {action.Class}: Capture, Execute, Verify, Undo.
              2. Say in {NewAction.TierMap} why it has its tier, whom it may hurt and what undoes it.
              3. dotnet build tests/IRFunctions.Tests.csproj
                 It writes docs/actions.md, docs/permissions.md and the list of scripts/grant-graph-permissions.sh anew.
              4. dotnet test tests/IRFunctions.Tests.csproj --no-build --filter "FullyQualifiedName~Containment|FullyQualifiedName~Policies"
                 It is executed, verified, undone, crashed and throttled against the simulated tenant, whatever its mode.
              5. Once you trust it: change its mode to ask. Accounts and applications are contained only by what a playbook in
                 policies/identities.yaml has, workloads only by what one in policies/breaker.yaml has: say there whom it may hit.
            """;
}
