using Orchestrator.Simulation;

return Simulate.Run(args, Console.Out, Console.Error);
