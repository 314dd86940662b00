using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Images;

public sealed class ResolveTests : IDisposable
{
    private const string Reference = "registry.test/app:v1";
    private static readonly FakeImage Image = new(Reference) { Healthcheck = new Healthcheck { Test = ["CMD", "check"] } };
    private static readonly FakeImage Newer = Image with { Content = "newer" };
    private readonly AgentBench _bench = new AgentBench().Connected();

    public enum Host
    {
        Empty,

        /// <summary>Pulled, as the registry has it.</summary>
        Pulled,

        /// <summary>Pulled before the registry got a newer one.</summary>
        Older,
        BuiltHere,
    }

    public enum Outcome
    {
        RegistryDigest,
        HostDigest,
        HostId,
        Error,
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(PullPolicy.Default, Host.Empty, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Default, Host.Pulled, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Default, Host.Older, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Default, Host.BuiltHere, true, Outcome.HostId, false)]
    [InlineData(PullPolicy.Default, Host.BuiltHere, false, Outcome.HostId, false)]
    [InlineData(PullPolicy.Default, Host.Older, false, Outcome.HostDigest, true)]
    [InlineData(PullPolicy.Default, Host.Empty, false, Outcome.Error, false)]
    [InlineData(PullPolicy.Always, Host.Older, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Always, Host.BuiltHere, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Always, Host.Older, false, Outcome.Error, false)]
    [InlineData(PullPolicy.Missing, Host.Older, true, Outcome.HostDigest, false)]
    [InlineData(PullPolicy.Missing, Host.BuiltHere, true, Outcome.HostId, false)]
    [InlineData(PullPolicy.Missing, Host.Empty, true, Outcome.RegistryDigest, false)]
    [InlineData(PullPolicy.Missing, Host.Empty, false, Outcome.Error, false)]
    [InlineData(PullPolicy.Never, Host.Older, true, Outcome.HostId, false)]
    [InlineData(PullPolicy.Never, Host.Empty, true, Outcome.Error, false)]
    public void Image_is_resolved_by_policy(PullPolicy policy, Host host, bool registryAnswers, Outcome outcome, bool warns)
    {
        var current = host == Host.Older ? Newer : Image;
        Arrange(host, current);
        _bench.Engine.Registry.IsDown = !registryAnswers;

        var resolved = Resolve(Reference, policy);

        var expected = outcome switch
        {
            Outcome.RegistryDigest => $"{Reference}@{current.Digest}",
            Outcome.HostDigest => $"{Reference}@{Image.Digest}",
            Outcome.HostId => Image.Id,
            _ => null,
        };
        Assert.Equal(expected, resolved.Pinned);
        Assert.Equal(outcome == Outcome.HostId, resolved.LocalOnly);
        Assert.Equal(outcome == Outcome.Error, resolved.Error is not null);
        Assert.Equal(warns, resolved.Warning is not null);
    }

    [Theory]
    [InlineData(Host.Pulled, true)]
    [InlineData(Host.BuiltHere, true)]
    [InlineData(Host.Empty, false)]
    [InlineData(Host.Older, false)]
    public void Healthcheck_is_known_only_of_the_very_image_on_the_host(Host host, bool known)
    {
        Arrange(host, host == Host.Older ? Newer : Image);

        Assert.Equal(known, Resolve(Reference, PullPolicy.Default).HasHealthcheck);
    }

    [Fact]
    public void Missing_image_names_itself_the_registrys_words_and_the_remedy()
    {
        var error = Resolve("registry.test/app:nope", PullPolicy.Default).Error!;

        Assert.Contains("registry.test/app:nope", error, StringComparison.Ordinal);
        Assert.Contains("manifest unknown", error, StringComparison.Ordinal);
        Assert.Contains("check the name and the tag", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_image_says_how_to_log_in()
    {
        _bench.Engine.Registry.Push(new FakeImage("registry.test/private:v1") { PullError = "denied: requested access to the resource is denied" });

        Assert.Contains("docker login registry.test", Resolve("registry.test/private:v1", PullPolicy.Default).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Image_that_its_registry_no_longer_has_is_taken_from_the_host_with_a_warning()
    {
        _bench.Engine.Registry.Push(Image);
        Pull();
        _bench.Engine.Registry.Push(Image with { PullError = "manifest unknown" });

        var resolved = Resolve(Reference, PullPolicy.Default);

        Assert.Equal((Image.Id, true), (resolved.Pinned, resolved.LocalOnly));
        Assert.Contains("manifest unknown", resolved.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Registry_that_never_answers_is_given_ten_seconds()
    {
        Arrange(Host.Pulled, Image);
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.InspectDistributionAsync)) { Delay = TimeSpan.FromHours(1) });
        _bench.Send(new AgentCommand.ResolveImage { CommandId = "r", Reference = Reference });
        _bench.Advance(9);
        Assert.Empty(_bench.All<AgentEvent.ImageResolved>());

        _bench.Advance(2);

        Assert.Contains("longer than 10 s", _bench.One<AgentEvent.ImageResolved>().Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Pinned_reference_stays_as_it_is()
    {
        var pinned = $"{Reference}@{Image.Digest}";

        Assert.Equal(pinned, Resolve(pinned, PullPolicy.Always).Pinned);
    }

    [Fact]
    public void Reference_without_a_tag_means_latest()
    {
        var latest = new FakeImage("registry.test/plain:latest");
        _bench.Engine.Registry.Push(latest);

        Assert.Equal($"registry.test/plain:latest@{latest.Digest}", Resolve("registry.test/plain", PullPolicy.Default).Pinned);
    }

    [Fact]
    public void Image_that_is_only_tagged_here_under_another_repository_counts_as_built_here()
    {
        _bench.Engine.Registry.Push(Image);
        Pull();
        _bench.Engine.AddImage(Image, new FakeImage("mirror.test/app:v1"));

        Assert.True(Resolve("mirror.test/app:v1", PullPolicy.Default).LocalOnly);
    }

    [Fact]
    public void Text_that_is_no_reference_is_refused()
    {
        Assert.Contains("is not an image reference", Resolve("Not An Image", PullPolicy.Default).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Engine_that_does_not_answer_is_said()
    {
        _bench.Engine.Disconnect();

        Assert.Contains("connection refused", Resolve(Reference, PullPolicy.Default).Error, StringComparison.Ordinal);
    }

    private void Arrange(Host host, FakeImage current)
    {
        switch (host)
        {
            case Host.Pulled or Host.Older:
                _bench.Engine.Registry.Push(Image);
                Pull();
                break;
            case Host.BuiltHere:
                _bench.Engine.AddImage(Image);
                break;
        }

        _bench.Engine.Registry.Push(current);
    }

    private void Pull() => Assert.True(_bench.Engine.PullImageAsync(Reference, null, null, CancellationToken.None).IsCompletedSuccessfully);

    private AgentEvent.ImageResolved Resolve(string reference, PullPolicy policy)
    {
        _bench.Send(new AgentCommand.ResolveImage { CommandId = "r", Reference = reference, Policy = policy });
        return _bench.One<AgentEvent.ImageResolved>();
    }
}
