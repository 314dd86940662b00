using System.Collections.Immutable;
using Orchestrator.Agent.Networks;

namespace Orchestrator.Agent.Tests.Networks;

public sealed class HeldAddressesTests
{
    private const string Network = "shop_default";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly HeldAddresses _held = new();

    public HeldAddressesTests() => _held.Hold("web-1", ImmutableSortedDictionary<string, string>.Empty.Add(Network, "10.0.0.2"), Start);

    private static ContainerSummary Listed(string? address) => new()
    {
        Id = "id",
        Name = "web-1",
        Image = "",
        ImageId = "",
        State = "created",
        Status = "",
        Addresses = address is null ? ImmutableDictionary<string, string>.Empty : ImmutableDictionary<string, string>.Empty.Add(Network, address),
    };

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10.0.0.9")]
    public void Container_that_is_listed_without_its_address_keeps_it(string? address)
    {
        _held.Settle([Listed(address)], Start);

        Assert.Equal(["10.0.0.2"], _held.On(Network));
    }

    [Fact]
    public void Container_that_is_listed_with_its_address_needs_none_to_be_held()
    {
        _held.Settle([Listed("10.0.0.2")], Start);

        Assert.Empty(_held.On(Network));
    }

    [Fact]
    public void Container_that_never_comes_gives_its_address_back()
    {
        _held.Settle([], Start + TimeSpan.FromMinutes(14));
        Assert.Equal(["10.0.0.2"], _held.On(Network));

        _held.Settle([], Start + TimeSpan.FromMinutes(16));
        Assert.Empty(_held.On(Network));
    }

    [Fact]
    public void Container_that_is_chosen_for_anew_has_none_before()
    {
        _held.Release("web-1");

        Assert.Empty(_held.On(Network));
    }
}
