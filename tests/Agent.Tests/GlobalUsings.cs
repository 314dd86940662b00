global using Orchestrator.Engine;
