using Orchestrator.Agent.Templates.Language;
using Orchestrator.Agent.Templates.Resources;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Templates;

/// <summary>What the documentation gives people to copy.</summary>
public sealed class ExampleTests
{
    [Fact]
    public void Example_is_a_resource_whose_template_shows_the_replicas_that_serve()
    {
        var loaded = TemplateResources.Load(Path.Combine(Root(), "examples/nginx-template"));
        Assert.Empty(loaded.Errors);
        var resource = Assert.Single(loaded.Resources);

        var text = Rendered(resource, TemplateFolder.Apply(1, TemplateFolder.Serving("a"), TemplateFolder.Draining("b")).Traffic.Stacks["shop"].Table);
        Assert.Contains("upstream shop_web {\n  server 127.0.0.1:8080; # a@h1\n}", text, StringComparison.Ordinal);
        Assert.Contains("location / {\n    proxy_pass http://shop_web;", text, StringComparison.Ordinal);
        Assert.Contains("server 127.0.0.1:1 down;", Rendered(resource, new TrafficTable { Stack = "shop", Version = 2 }), StringComparison.Ordinal);
    }

    private static string Rendered(TemplateResource resource, TrafficTable table) => Template.Parse(resource.Source, File.ReadAllText(resource.Source))
        .Render(new RenderContext(resource.StoreOf(TrafficKeys.Of(table)), DateTimeOffset.UnixEpoch, _ => null));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Orchestrator.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no Orchestrator.sln above the tests");
        return folder;
    }
}
