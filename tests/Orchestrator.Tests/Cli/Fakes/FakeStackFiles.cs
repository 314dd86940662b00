using System.Collections.Immutable;
using Orchestrator.Cli.Connections;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Cli.Fakes;

/// <summary>One stack, hello, with the services web and db, whatever the files.</summary>
internal sealed class FakeStackFiles : IStackFiles
{
    public HashSet<string> Present { get; } = [];

    public StackFileQuery? Query { get; private set; }

    public ImmutableArray<StackFileError> Errors { get; set; } = [];

    public ImmutableArray<StackFileError> Warnings { get; set; } = [];

    public ImmutableArray<CertificateFile> Certificates { get; set; } = [];

    public bool Exists(string path) => Present.Contains(path);

    public StackFileResult Load(StackFileQuery query)
    {
        Query = query;
        var spec = new StackSpec
        {
            Name = query.Name ?? "hello",
            Services = [Service("db"), Service("web")],
        };
        return new(Errors.IsEmpty ? spec : null, Errors, Warnings) { Certificates = Certificates };
    }

    private static ServiceSpec Service(string name) => new() { Name = name, Container = new() { Image = $"{name}:v1" } };
}
