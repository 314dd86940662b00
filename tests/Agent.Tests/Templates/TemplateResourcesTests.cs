using Orchestrator.Agent.Templates.Resources;

namespace Orchestrator.Agent.Tests.Templates;

public sealed class TemplateResourcesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("templates-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Resource_of_confd_is_read_as_it_is()
    {
        var resource = Assert.Single(Loaded("""
            # a comment
            [template]
            prefix = "/stacks/shop"   # the stack
            src = "nginx.tmpl"
            dest = '/etc/nginx/conf.d/shop.conf'
            mode = "0640"
            owner = "www-data"
            gid = 33
            keys = [
              "/services/web", # a comment
              '/services/api',
            ]
            check_cmd = "nginx -t -c {{.src}} && echo \"ok\"\t"
            reload_cmd = 'nginx -s reload'
            drain = "15s"
            """).Resources);

        Assert.Equal(("nginx.toml", "/etc/nginx/conf.d/shop.conf", "/stacks/shop"), (resource.Name, resource.Destination, resource.Prefix));
        Assert.Equal(Path.Combine(_folder, "templates", "nginx.tmpl"), resource.Source);
        Assert.Equal("/services/web /services/api", string.Join(" ", resource.Keys));
        Assert.Equal((UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, "www-data", "33"), (resource.Mode, resource.Owner, resource.Group));
        Assert.Equal(("nginx -t -c {{.src}} && echo \"ok\"\t", "nginx -s reload", TimeSpan.FromSeconds(15)), (resource.CheckCommand, resource.ReloadCommand, resource.Drain));
    }

    [Theory]
    [InlineData("src = 'a'\n", "nginx.toml:1:7: src stands before [template]")]
    [InlineData("[template]\nsrc = 'a'\n", "[template] has no dest")]
    [InlineData("[template]\nsrc = 'a'\ndest = 'b'", "nginx.toml:3:8: dest is 'b'; it is the absolute path of a file")]
    [InlineData("[template]\nsrc = a\ndest = '/b'", "nginx.toml:2:7: a is neither a string in quotes")]
    [InlineData("[template]\nsrc = 'a'\nsrc = 'a'", "nginx.toml:3:1: src is here twice")]
    [InlineData("[template]\nreload = 'a'", "nginx.toml:2:10: the key reload is not known")]
    [InlineData("[template]\nmode = '0999'", "mode is '0999'; it is octal")]
    [InlineData("[template]\nmode = 644", "mode is a number; it is a string in quotes")]
    [InlineData("[template]\nkeys = 'a'", "keys is a string; it is an array")]
    [InlineData("[template]\nkeys = ['a' 'b']", "a comma or ] is expected")]
    [InlineData("[template]\nkeys = ['a',", "this array is not closed")]
    [InlineData("[template]\nkeys = []", "keys is empty")]
    [InlineData("[template]\nsrc = 'a", "this string is not closed")]
    [InlineData("[template]\nsrc = \"a\\q\"", "the escape \\q does not exist")]
    [InlineData("[template]\nsrc = '''a'''", "strings over several lines are not read here")]
    [InlineData("[template]\nsrc = 'a' dest = 'b'", "one key stands on a line")]
    [InlineData("[template]\n[template]", "the table [template] is here twice")]
    [InlineData("[[template]]", "arrays of tables are not used")]
    [InlineData("[other]\nx = 1", "the table [other] is not known")]
    [InlineData("[template]\nuid = 1\nowner = 'a'", "uid and owner say the same thing")]
    [InlineData("[template]\nowner = 'a b; rm'", "names nobody")]
    [InlineData("[template]\ndrain = '10'", "drain is '10'; it is a time")]
    public void What_is_wrong_is_said_with_its_place(string text, string expected)
    {
        var loaded = Loaded(text);

        Assert.Empty(loaded.Resources);
        Assert.Contains(loaded.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void All_errors_of_a_file_are_said_at_once() =>
        Assert.Equal(4, Loaded("[template]\nsrc = a\nmode = '9'\nbad = 1\ndest = 'x'").Errors.Length - 1);

    [Fact]
    public void Two_resources_of_one_destination_are_refused()
    {
        Write("a.toml", "[template]\nsrc = 'a'\ndest = '/x'");
        Write("b.toml", "[template]\nsrc = 'b'\ndest = '/y/../x'");

        var loaded = TemplateResources.Load(_folder);

        Assert.Equal("a.toml", Assert.Single(loaded.Resources).Name);
        Assert.Contains("that of a.toml too", Assert.Single(loaded.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_that_does_not_exist_has_no_resources() => Assert.Equal((0, 0), (TemplateResources.Load(_folder + "/none").Resources.Length, TemplateResources.Load(_folder + "/none").Errors.Length));

    [Theory]
    [InlineData("", "/", true)]
    [InlineData("/stacks/shop", "/", true)]
    [InlineData("/stacks/shop/services", "/web/upstreams/80", true)]
    [InlineData("/stacks/shop/services", "/api", false)]
    [InlineData("/stacks/sho", "/", false)]
    public void Resource_knows_which_services_it_can_show(string prefix, string key, bool expected) =>
        Assert.Equal(expected, new TemplateResource { Name = "n", Definition = "", Source = "s", Destination = "/d", Prefix = prefix, Keys = [key] }.Touches("shop", "web"));

    private TemplateResources Loaded(string text)
    {
        Write("nginx.toml", text);
        return TemplateResources.Load(_folder);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "conf.d")).FullName, name), text);
}
