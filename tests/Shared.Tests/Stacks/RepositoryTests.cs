using Orchestrator.Stacks;
using Orchestrator.Stacks.Reading;

namespace Orchestrator.Tests.Stacks;

/// <summary>The documentation and the examples agree with the reader.</summary>
public sealed class RepositoryTests
{
    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
                folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("These tests run inside the repository.");
        }
    }

    [Fact]
    public void Every_key_supported_or_refused_is_documented()
    {
        var documentation = File.ReadAllText(Path.Combine(Root, "docs", "stack-file.md"));
        var keys = StackReader.Keys.Concat(StackReader.Keys.NotSupported)
            .Concat(ServiceKeys.Table).Concat(ServiceKeys.Table.NotSupported)
            .Concat(DeployReader.Keys).Concat(DeployReader.UpdateKeys).Concat(DeployReader.PlacementKeys).Concat(RestartReader.Keys)
            .Concat(NetworkReader.Keys).Concat(NetworkReader.Keys.NotSupported).Concat(NetworkReader.PoolKeys.NotSupported)
            .Concat(VolumeReader.Keys)
            .Concat(ExtensionReader.Keys).Concat(ExtensionReader.Keys.NotSupported)
            .Concat(RouteReader.Keys).Concat(TrafficReader.TimeoutKeys).Concat(TrafficReader.SloKeys).Concat(StrategyReader.Keys).Concat(TrafficReader.MaintenanceKeys);

        Assert.Equal([], keys.Distinct().Where(key => !documentation.Contains($"`{key}`", StringComparison.Ordinal) && !documentation.Contains($"`{key}:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_example_loads_without_error_or_warning()
    {
        var stacks = Directory.GetFiles(Path.Combine(Root, "examples"), "stack.yaml", SearchOption.AllDirectories);

        Assert.NotEmpty(stacks);
        Assert.Equal([], stacks.Select(s => StackFile.Load(new StackFileRequest { Files = [s], CurrentDirectory = Root })).SelectMany(r => r.Errors.Concat(r.Warnings)).Select(e => e.ToString()));
    }
}
