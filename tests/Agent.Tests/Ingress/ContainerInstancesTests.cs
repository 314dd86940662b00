using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Traffic;
using Orchestrator.Engine.Fakes;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>The container's making, on an engine in memory.</summary>
public sealed class ContainerInstancesTests : TestKit
{
    private const string Image = "registry.test/haproxy:1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeEngine _engine = new(TimeProvider.System, address: "unix:///fake.sock");
    private readonly string _folder = Directory.CreateTempSubdirectory("ingress").FullName;

    private IngressOptions Options => new() { Image = Image, ConfigFolder = Path.Combine(_folder, "config"), RuntimeFolder = Path.Combine(_folder, "run"), IsRoot = true };

    /// <summary>No waiting cures it, so that a rollout which waits for the ingress fails at once instead of at the end of its progress_deadline.</summary>
    [Fact]
    public void Image_that_does_not_exist_hinders_for_good()
    {
        var problem = Hindered();

        Assert.True(problem.IsFinal);
        Assert.Contains($"the ingress's image {Image} is not on this host and cannot be pulled: ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Registry_that_does_not_answer_hinders_for_now()
    {
        _engine.FailNext(nameof(IEngine.PullImageAsync), EngineErrorKind.Temporary, times: 1_000);

        Assert.False(Hindered().IsFinal);
    }

    [Fact]
    public void Folders_in_memory_are_bound_one_by_one_for_root_and_made_by_nobody_else_for_others()
    {
        var root = new ContainerInstances(_engine, Options, null).Request("a", null);
        var user = new ContainerInstances(_engine, Options with { IsRoot = false }, null).Request("a", null);
        var run = Options.RuntimeFolder;

        Assert.Equal([$"{Options.ConfigFolder}:{Options.ConfigFolder}:ro", $"{run}/certificates:{run}/certificates:ro", $"{run}/a:{run}/a", $"{run}/b:{run}/b"], root.Binds);
        Assert.Empty(root.Mounts);
        Assert.Contains($"{run}/a/master.sock,mode,600,level,admin", root.Command!);

        Assert.Equal([$"{Options.ConfigFolder}:{Options.ConfigFolder}:ro"], user.Binds);
        Assert.Equal((run, run), (Assert.Single(user.Mounts).Source, user.Mounts[0].Target));
        Assert.Contains($"{run}/a/master.sock,mode,666,level,admin", user.Command!);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private Protocol.TrafficProblem Hindered()
    {
        var options = Options;
        IIngressInstances instances = new ContainerInstances(_engine, options, null);
        Func<ListenAddress, string?> free = _ => null;
        var ingress = Sys.ActorOf(Props.Create(() => new IngressActor(options, instances, free, false, NullLogger.Instance)));
        ingress.Tell(new SinkMessage.Apply(1, TestTraffic.Of(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(8080)] }, TestTraffic.Endpoint("one", 9, 8080))))), TestActor);
        return FishForMessage<SinkMessage.Hindered>(_ => true, Patience).Problem;
    }
}
