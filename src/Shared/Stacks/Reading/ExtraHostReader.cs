using System.Collections.Immutable;
using System.Net;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>extra_hosts</c> in the engine's form <c>host:address</c>.</summary>
internal static class ExtraHostReader
{
    public static ImmutableArray<string> Read(Value value)
    {
        var hosts = ImmutableArray.CreateBuilder<string>();
        if (value.IsMap)
        {
            foreach (var (key, child) in value.Entries())
            {
                foreach (var address in child.StringOrStrings())
                    Add(key.Text, address, child);
            }

            return hosts.ToImmutable();
        }

        foreach (var item in value.Items())
        {
            if (item.String() is not { } text)
                continue;
            var split = text.IndexOf('=', StringComparison.Ordinal);
            if (split < 0)
                split = text.IndexOf(':', StringComparison.Ordinal);
            if (split <= 0)
                item.Error($"`{text}` is not host=address", "write name=10.0.0.1, or name=host-gateway");
            else
                Add(text[..split], text[(split + 1)..], item);
        }

        return hosts.ToImmutable();

        void Add(string host, string address, Value at)
        {
            var bare = address.Trim('[', ']');
            if (bare != "host-gateway" && !IPAddress.TryParse(bare, out _))
                at.Error($"`{address}` is not an address", "write an IP address or host-gateway");
            hosts.Add($"{host}:{bare}");
        }
    }
}
