namespace Orchestrator.Actors;

/// <summary>Publish and subscribe within one actor system. A subscription to a class or interface also takes what derives from it.</summary>
public class EventStream
{
    private readonly Lock _gate = new();
    private Subscription[] _subscriptions = [];

    internal EventStream()
    {
    }

    /// <returns>False when the subscriber already had this channel.</returns>
    public virtual bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        lock (_gate)
        {
            if (_subscriptions.Any(s => s.Channel == channel && s.Subscriber.Equals(subscriber)))
            {
                return false;
            }
            _subscriptions = [.. _subscriptions, new Subscription(subscriber, channel)];
            return true;
        }
    }

    public virtual bool Unsubscribe(IActorRef subscriber, Type channel) =>
        Remove(s => s.Channel == channel && s.Subscriber.Equals(subscriber));

    public virtual bool Unsubscribe(IActorRef subscriber) => Remove(s => s.Subscriber.Equals(subscriber));

    public virtual void Publish(object @event)
    {
        var subscriptions = Volatile.Read(ref _subscriptions);
        for (var i = 0; i < subscriptions.Length; i++)
        {
            if (subscriptions[i].Channel.IsInstanceOfType(@event) && !ToldBefore(subscriptions, i, @event))
            {
                subscriptions[i].Subscriber.Tell(@event, ActorRefs.NoSender);
            }
        }
    }

    // Two channels of one subscriber may both match; it hears of an event once.
    private static bool ToldBefore(Subscription[] subscriptions, int at, object @event)
    {
        for (var i = 0; i < at; i++)
        {
            if (subscriptions[i].Subscriber.Equals(subscriptions[at].Subscriber) && subscriptions[i].Channel.IsInstanceOfType(@event))
            {
                return true;
            }
        }
        return false;
    }

    private bool Remove(Func<Subscription, bool> match)
    {
        // Every stopping actor asks; hardly one has subscribed.
        if (!Volatile.Read(ref _subscriptions).Any(match))
        {
            return false;
        }
        lock (_gate)
        {
            var before = _subscriptions.Length;
            _subscriptions = [.. _subscriptions.Where(s => !match(s))];
            return _subscriptions.Length != before;
        }
    }

    private sealed record Subscription(IActorRef Subscriber, Type Channel);
}
