namespace Orchestrator.Actors.Tests.Runtime;

public sealed class PropsTests : ActorTestKit
{
    private readonly string _field = "field";

    private int _calls;

    private static string Property => "property";

    [Fact]
    public void Arguments_of_every_form_are_evaluated_once_when_the_recipe_is_made()
    {
        var captured = "captured";
        var props = Props.Create(() => new Joining(TestActor, "constant", captured, _field, Property, Called()));
        captured = "changed later";

        var joining = Sys.ActorOf(props);
        ExpectMsg("constant captured field property called 1");
        joining.Tell("fail");

        ExpectMsg("constant captured field property called 1");
        Assert.Equal(1, _calls);
    }

    [Fact]
    public void Anything_but_a_new_expression_is_refused()
    {
        var thrown = Assert.Throws<ArgumentException>(() => Props.Create(() => Make()));

        Assert.Contains("() => new", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Type_and_arguments_make_the_actor_too()
    {
        var type = typeof(Joining);
        Sys.ActorOf(Props.Create(type, TestActor, "a", "b", "c", "d", "e"));
        Sys.ActorOf(Props.Create<Joining>(TestActor, "f", "g", "h", "i", "j"));

        ExpectMsgAllOf("a b c d e", "f g h i j");
    }

    [Fact]
    public void Exception_of_a_constructor_is_not_wrapped_in_reflections_own()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Error));

        Sys.ActorOf(Props.Create(() => new Failing()));

        var cause = Assert.IsType<ActorInitializationException>(ExpectMsg<Error>().Cause);
        Assert.IsType<InvalidDataException>(cause.InnerException);
    }

    private string Called() => $"called {++_calls}";

    private static Joining Make() => throw new InvalidOperationException("never called");

    private sealed class Joining : ReceiveActor
    {
        public Joining(IActorRef log, string a, string b, string c, string d, string e)
        {
            log.Tell(string.Join(' ', a, b, c, d, e));
            ReceiveAny(_ => throw new InvalidOperationException("boom"));
        }
    }

    private sealed class Failing : ReceiveActor
    {
        public Failing() => throw new InvalidDataException("no");
    }
}
