using Microsoft.Extensions.Logging;

namespace Orchestrator.Simulation;

/// <summary>The product's own logs, between the lines of the trace.</summary>
internal sealed class TraceLoggers(TextWriter output) : ILoggerFactory
{
    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => new Lines(output, categoryName);

    public void Dispose()
    {
    }

    private sealed class Lines(TextWriter output, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            output.WriteLine($"             {category.Split('.')[^1]}: {formatter(state, exception)}{(exception is null ? "" : " " + exception)}");
    }
}
