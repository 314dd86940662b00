using System.Threading.Channels;

namespace Orchestrator.Tests.Links;

/// <summary>What an actor was told, for a test to await.</summary>
internal sealed class Inbox
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<(object Message, IActorRef Sender)> _messages = Channel.CreateUnbounded<(object, IActorRef)>();
    private readonly string _name;

    public Inbox(ActorSystem system, string name, Func<object, IActorRef, object?>? reply = null)
    {
        _name = name;
        var writer = _messages.Writer;
        Ref = system.ActorOf(Props.Create(() => new Actor(writer, reply)), name);
    }

    public IActorRef Ref { get; }

    /// <summary>The next message of this type; others are passed over.</summary>
    public async Task<T> NextAsync<T>()
    {
        using var patience = new CancellationTokenSource(Patience);
        var seen = new List<object>();
        try
        {
            while (true)
            {
                var (message, _) = await _messages.Reader.ReadAsync(patience.Token);
                if (message is T wanted) return wanted;
                seen.Add(message);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_name} was not told {typeof(T).Name} within {Patience.TotalSeconds:0} s; it was told: {string.Join(", ", seen)}");
        }
    }

    private sealed class Actor : ReceiveActor
    {
        public Actor(ChannelWriter<(object, IActorRef)> writer, Func<object, IActorRef, object?>? reply) => ReceiveAny(message =>
        {
            writer.TryWrite((message, Sender));
            if (reply?.Invoke(message, Self) is { } answer) Sender.Tell(answer, Self);
        });
    }
}
