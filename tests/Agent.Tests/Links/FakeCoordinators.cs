using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Threading.Channels;
using Orchestrator.Agent.Links;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Tests.Links;

/// <summary>Answers an agent's dialling: refuses, or hands the test the coordinator's end of a socket in memory.</summary>
internal sealed class FakeCoordinators(LinkOptions options) : ILinkDialer
{
    private readonly Channel<Uri> _dialled = Channel.CreateUnbounded<Uri>();
    private readonly Channel<LinkConnection> _accepted = Channel.CreateUnbounded<LinkConnection>();

    /// <summary>Null accepts.</summary>
    public Func<Uri, string?> Refuse { get; set; } = _ => null;

    public Task<Uri> NextDialAsync() => _dialled.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>The coordinator's end.</summary>
    public Task<LinkConnection> NextAsync() => _accepted.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    public Task<LinkConnection> DialAsync(Uri coordinator, CancellationToken cancellation)
    {
        _dialled.Writer.TryWrite(coordinator);
        if (Refuse(coordinator) is { } reason) return Task.FromException<LinkConnection>(new LinkClosedException(reason));
        var up = new Pipe();
        var down = new Pipe();
        var ours = WebSocket.CreateFromStream(new DuplexStream(up.Reader.AsStream(), down.Writer.AsStream()), new WebSocketCreationOptions { IsServer = true });
        var theirs = WebSocket.CreateFromStream(new DuplexStream(down.Reader.AsStream(), up.Writer.AsStream()), new WebSocketCreationOptions { IsServer = false });
        _accepted.Writer.TryWrite(new LinkConnection(ours, options, TimeProvider.System));
        return Task.FromResult(new LinkConnection(theirs, options, TimeProvider.System));
    }

    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await output.WriteAsync(buffer, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                input.Dispose();
                output.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
