namespace Orchestrator.Engine;

/// <summary>An answer's body. Reading it throws <see cref="EngineException"/> when the connection fails or nothing comes for too long; disposing it ends the call.</summary>
internal sealed class EngineStream(HttpResponseMessage response, Stream body, TimeSpan? idle, TimeProvider time, Func<Exception, EngineException> failed, Func<EngineException> timedOut) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var deadline = idle is { } bound ? new CancellationTokenSource(bound, time) : null;
        using var either = deadline is null ? null : CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await body.ReadAsync(buffer, either?.Token ?? cancellationToken);
        }
        catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true } && !cancellationToken.IsCancellationRequested)
        {
            throw timedOut();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw failed(e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <remarks>For readers that know no asynchronous way, such as a tar reader's; the bounds above hold.</remarks>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) response.Dispose();
        base.Dispose(disposing);
    }
}
