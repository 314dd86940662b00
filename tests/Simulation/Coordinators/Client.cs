using Orchestrator.Api;
using Orchestrator.Changes;

namespace Orchestrator.Simulation;

/// <summary>One run of the command line: asks for a change and follows it. When it loses the coordinator it asks again, or follows on if its change had been accepted.</summary>
internal sealed class Client(World world, int number, ChangeRequest request)
{
    private readonly List<ChangeEvent> _events = [];

    public int Number { get; } = number;

    public ChangeRequest Request { get; } = request;

    public DateTimeOffset Asked { get; } = world.Now;

    public IReadOnlyList<ChangeEvent> Events => _events;

    /// <summary>What it was told of the change's number; null before it was accepted.</summary>
    public string? ChangeId { get; private set; }

    public ChangeEvent.Ended? Ended { get; private set; }

    public StackMessage.Rejected? Rejected { get; private set; }

    public bool IsDone => Ended is not null || Rejected is not null;

    public ChangeOutcome? Outcome => Ended?.Outcome;

    /// <summary>At the start, and whenever a coordinator is there again.</summary>
    public void OnCoordinator()
    {
        if (IsDone || world.Coordinator.Process is not { } process) return;
        var client = this;
        var follower = process.System.ActorOf(Props.Create(() => new Follower(world, process, client)));
        var asked = ChangeId is null ? world.Options.Mutation.Asked(Request) : new ChangeRequest.Watch { Stack = Request.Stack };
        world.Coordinator.Ref.Tell(new StackMessage.Change(asked, follower), follower);
    }

    public override string ToString() => $"client {Number} ({Request.GetType().Name} {Request.Stack})";

    private void Hear(StackMessage message)
    {
        if (IsDone) return;
        switch (message)
        {
            case StackMessage.Rejected rejected:
                Rejected = rejected;
                world.Tell("client", $"{Number} rejected: {rejected.Kind}: {rejected.Message.ReplaceLineEndings(" ")}");
                break;
            case StackMessage.Followed { Event: var happened }:
                _events.Add(happened);
                if (happened is ChangeEvent.Accepted accepted) ChangeId = accepted.ChangeId;
                if (happened is ChangeEvent.Ended ended) Ended = ended;
                world.OnHeard(this, happened);
                break;
        }
    }

    /// <summary>In the coordinator's system, as the server's own followers are.</summary>
    private sealed class Follower : ReceiveActor
    {
        public Follower(World world, SimProcess process, Client client) => Receive<StackMessage>(message =>
        {
            world.AssertThread();
            if (process.IsAlive) client.Hear(message);
        });
    }
}
