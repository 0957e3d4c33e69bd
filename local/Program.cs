using System.CommandLine;
using IRFunctions.Local.CommandLine;

var root = RunCommand.Create();
return await root.Parse(args).InvokeAsync();
