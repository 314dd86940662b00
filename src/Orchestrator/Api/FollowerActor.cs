using System.Threading.Channels;
using Orchestrator.Changes;

namespace Orchestrator.Api;

/// <summary>Hands what a stack tells its followers to one reader.</summary>
internal sealed class FollowerActor : ReceiveActor
{
    public FollowerActor(ChannelWriter<StackMessage> writer)
    {
        Receive<StackMessage>(m =>
        {
            if (!writer.TryWrite(m))
            {
                writer.TryComplete(new CoordinatorException(CoordinatorErrorKind.Internal, "the reader of the progress is too slow and was cut off; the change goes on: follow it again with the same command"));
                Context.Stop(Self);
            }
        });
    }
}
