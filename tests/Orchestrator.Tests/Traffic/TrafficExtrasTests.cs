using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Changes;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Traffic;

public sealed class TrafficExtrasTests : ActorTestKit
{
    [Fact]
    public async Task Host_that_joins_when_the_network_is_full_gets_no_slice_and_the_others_keep_theirs()
    {
        var (store, options) = (new MemoryStore(), new OverlayOptions { NetworkPrefix = 24, SlicePrefix = 25 });
        var networks = Sys.ActorOf(Props.Create(() => new NetworkAllocationActor(options, store, NullLogger.Instance)));
        var revision = World.Revision(1, World.Service("web"));
        revision = revision with { Spec = revision.Spec with { Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("default", new NetworkSpec { EngineName = "shop_default" }) } };
        var target = new TrafficTarget(new StackHead { Stack = World.Stack, Current = 1 }, [revision]);
        var extras = new TrafficExtras(networks, new CertificateBook(store, SealKey.Ephemeral()), ActorRefs.Nobody);
        var full = await extras.HostsAsync(target, World.Hosts("h1", "h2"));

        var joined = await extras.HostsAsync(target, World.Hosts("h1", "h2", "h3"));

        foreach (var host in (string[])["h1", "h2"])
        {
            Assert.Equal(Assert.Single(full.Overlays(host)).Range, Assert.Single(joined.Overlays(host)).Range);
        }
        Assert.Empty(joined.Overlays("h3"));
    }
}
