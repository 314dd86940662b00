namespace Orchestrator.Engine.Tests;

/// <summary>Reads an engine's events beside the test and waits for some.</summary>
public sealed class EventLog : IAsyncDisposable
{
    private readonly IAsyncEnumerator<EngineEvent> _events;
    private readonly List<EngineEvent> _seen = [];

    private EventLog(IAsyncEnumerator<EngineEvent> events) => _events = events;

    public IEnumerable<string> Actions => _seen.Select(happened => happened.Action);

    public static async Task<EventLog> OpenAsync(IEngine engine, EngineFilters filters, CancellationToken cancellation)
    {
        var events = engine.EventsAsync(filters.With("type", "container"), cancellation).GetAsyncEnumerator(cancellation);
        Assert.True(await events.MoveNextAsync());
        Assert.True(events.Current.IsStreamOpen, $"the first event was {events.Current}");
        return new EventLog(events);
    }

    /// <summary>Reads on until there is one of that action.</summary>
    public async Task<EngineEvent> UntilAsync(string action)
    {
        try
        {
            while (await _events.MoveNextAsync())
            {
                Assert.False(_events.Current.IsStreamOpen, "the stream opened twice");
                _seen.Add(_events.Current);
                if (_events.Current.Action == action) return _events.Current;
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"waiting for the event \"{action}\"; seen: {string.Join(", ", Actions)}");
        }

        throw new InvalidOperationException("a stream of events ended without an exception");
    }

    public ValueTask DisposeAsync() => _events.DisposeAsync();
}
