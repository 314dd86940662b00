namespace Orchestrator.Actors.Tests.Lifecycle;

public abstract class NameTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Name_of_a_living_sibling_is_refused()
    {
        Sys.ActorOf(Subject.Of(TestActor), "taken");

        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Subject.Of(TestActor), "taken"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$reserved")]
    [InlineData("a/b")]
    [InlineData("with space")]
    [InlineData("ümlaut")]
    public void Name_with_illegal_characters_is_refused(string name) =>
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Subject.Of(TestActor), name));

    [Fact]
    public void Name_is_free_again_after_Terminated()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Replacing(TestActor)));
        var first = ExpectMsg<IActorRef>();

        Sys.Stop(first);

        var second = ExpectMsg<IActorRef>();
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
        Assert.Equal(parent.Path, second.Path.Parent);
    }

    [Fact]
    public void Unnamed_actors_get_names_of_their_own()
    {
        var one = Sys.ActorOf(Subject.Of(TestActor));
        var two = Sys.ActorOf(Subject.Of(TestActor));

        Assert.NotEqual(one.Path.Name, two.Path.Name);
        Assert.StartsWith("$", one.Path.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_shows_system_guardian_and_name()
    {
        var here = Sys.ActorOf(Subject.Of(TestActor), "here");

        Assert.Equal("akka://test/user/here", here.Path.ToString());
        Assert.Equal(["user", "here"], here.Path.Elements);
        Assert.Equal("/user/here", here.Path.ToStringWithoutAddress());
        Assert.Equal(here.Path, ActorPath.Parse("akka://test/user/here"));
    }

    [Fact]
    public void Child_and_GetChildren_show_the_living()
    {
        var parent = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));

        parent.Tell(new Subject.Do(context =>
        {
            var child = context.ActorOf(Subject.Of(context.System.DeadLetters), "child");
            TestActor.Tell(child.Equals(context.Child("child")) && context.GetChildren().Single().Equals(child));
            TestActor.Tell(context.Child("absent").Equals(ActorRefs.Nobody));
        }));

        ExpectMsg(true);
        ExpectMsg(true);
    }

    public sealed class OnThreads() : NameTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : NameTests(TestSystem.OneThread());
#endif

    private sealed class Replacing : ReceiveActor
    {
        private readonly IActorRef _log;

        public Replacing(IActorRef log)
        {
            _log = log;
            Receive<Terminated>(_ => Spawn());
        }

        protected override void PreStart() => Spawn();

        private void Spawn() => _log.Tell(Context.Watch(Context.ActorOf(Subject.Of(Context.System.DeadLetters), "child")));
    }
}
