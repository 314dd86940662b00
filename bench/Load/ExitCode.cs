namespace Orchestrator.Load;

public static class ExitCode
{
    public const int Done = 0;
    public const int Failures = 1;
    public const int Usage = 2;
}
