using Orchestrator.Cli;

return await CliProgram.RunAsync(args, TimeProvider.System);
