using Orchestrator.Agent.Cli;

return await AgentProgram.RunAsync(args, TimeProvider.System);
