using System.CommandLine;
using IRFunctions.Assessment;
using IRFunctions.Local.Actions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Evaluation;
using IRFunctions.Local.Simulator;
using IRFunctions.Local.TakeBack;

var root = RunCommand.Create();
var catalogue = await LocalCatalogue.CapabilitiesAsync();

// Where no model is asked, the plain rules recommend; the policy judges their names like any others.
IReadOnlyList<AllowedAction> nameable =
[
    .. catalogue.Select(c => new AllowedAction(c.Name, 1, c.TargetKind, "")),
    new("isolate_production_host", 3, "host", ""),
    new("quarantine_email", 1, "mailMessage", ""),
];
root.Subcommands.Add(PolicyCommands.Create(catalogue, alert => RuleBasedAnswer.For(alert, nameable, cap: 100), TimeProvider.System));
root.Subcommands.Add(EvaluateCommand.Create(catalogue, TimeProvider.System));
root.Subcommands.Add(StoryCommands.Create());
root.Subcommands.Add(NewCommand.Create(catalogue, TimeProvider.System));
root.Subcommands.Add(PagesCommand.Create(TimeProvider.System));
root.Subcommands.Add(SimulateCommand.Create());
root.Subcommands.Add(TakeBackCommand.Create());
root.Subcommands.Add(HoldsCommand.Create());
root.Subcommands.Add(AppCommands.Drill(TimeProvider.System));
root.Subcommands.Add(AppCommands.Recover());

// The engine on Azurite waits for work in progress, and Azurite saves; the default, two seconds, would cut them off.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
