using System.Collections.Immutable;
using Orchestrator.Networks;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Cli.Connections;

/// <summary>The coordinator of a fleet, as <c>serve</c> runs it.</summary>
internal interface IDaemon
{
    /// <summary>Runs until cancelled, then stops at a safe point. <paramref name="say"/> takes lines for people.</summary>
    Task ServeAsync(ServeSettings settings, Action<string> say, CancellationToken cancellation);

    /// <summary>A join token made from the authority in a data folder, for who has access to it; the daemon need not be asked.</summary>
    Task<string> CreateTokenAsync(string? dataDirectory, string role, TimeSpan lifetime, CancellationToken cancellation);
}

/// <param name="Initialise">Makes the authority and the store when there are none; refuses nothing when there are.</param>
/// <param name="DataDirectory">Null takes the default folder.</param>
/// <param name="Listen"><c>HOST:PORT</c>.</param>
/// <param name="Advertise">Addresses agents and clients are told; empty takes <paramref name="Listen"/>.</param>
/// <param name="Etcd">Where endpoints are written for others to watch; null: nowhere.</param>
/// <param name="Context">The context written for the user who runs it; null writes none unless <paramref name="Initialise"/>.</param>
internal sealed record ServeSettings(bool Initialise, string? DataDirectory, string Listen, ImmutableArray<string> Advertise, string? Context, EtcdSinkOptions? Etcd = null)
{
    public OverlayOptions Overlay { get; init; } = new();
}
