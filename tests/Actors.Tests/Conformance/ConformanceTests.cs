using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orchestrator.Actors.Tests.Conformance;

/// <summary>Holds every public and protected member of the runtime and its test kit to Akka.NET's signatures.</summary>
public sealed class ConformanceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly AkkaApi s_akka = AkkaApi.Load();

    /// <summary>What product actors rely on; none of it may disappear.</summary>
    public static TheoryData<string, string> ReliedOn => new()
    {
        { "ActorBase", "protected virtual void PreRestart(Exception reason, object message)" },
        { "ActorBase", "protected virtual SupervisorStrategy SupervisorStrategy()" },
        { "ActorSystem", "public static ActorSystem Create(string name)" },
        { "ActorSystem", "public abstract Task WhenTerminated { get; }" },
        { "ActorRefImplicitSenderExtensions", "public static void Tell(this IActorRef receiver, object message)" },
        { "ActorRefImplicitSenderExtensions", "public static void Forward(this IActorRef receiver, object message)" },
        { "EventStream", "public virtual bool Subscribe(IActorRef subscriber, Type channel)" },
        { "Futures", "public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null)" },
        { "GracefulStopSupport", "public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout)" },
        { "IActorContext", "public abstract IActorRef Child(string name)" },
        { "IActorContext", "public abstract IEnumerable<IActorRef> GetChildren()" },
        { "IActorContext", "public abstract void SetReceiveTimeout(TimeSpan? timeout)" },
        { "IActorContext", "public abstract void Stop(IActorRef child)" },
        { "IActorRefFactory", "public abstract IActorRef ActorOf(Props props, string name = null)" },
        { "ICanWatch", "public abstract IActorRef Watch(IActorRef subject)" },
        { "ICanWatch", "public abstract IActorRef WatchWith(IActorRef subject, object message)" },
        { "ICanWatch", "public abstract IActorRef Unwatch(IActorRef subject)" },
        { "IStash", "public abstract void UnstashAll()" },
        { "ITellScheduler", "public abstract void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender)" },
        { "ITimeProvider", "public abstract DateTimeOffset Now { get; }" },
        { "ITimerScheduler", "public abstract void StartPeriodicTimer(object key, object msg, TimeSpan interval)" },
        { "ITimerScheduler", "public abstract void StartSingleTimer(object key, object msg, TimeSpan timeout)" },
        { "OneForOneStrategy", "public .ctor(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)" },
        { "PipeToSupport", "public static Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null)" },
        { "Props", "public static Props Create<TActor:ActorBase>(Expression<Func<TActor>> factory, SupervisorStrategy supervisorStrategy = null)" },
        { "ReceiveActor", "protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null)" },
        { "ReceiveActor", "protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null)" },
        { "ReceiveActor", "protected void ReceiveAny(Action<object> handler)" },
        { "ReceiveActor", "protected void Become(Action configure)" },
        { "TestKitBase", "public T ExpectMsg<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default)" },
        { "TestKitBase", "public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default)" },
        { "TestProbe", "public void Reply(object message)" },
    };

    public static TheoryData<Type> PublicTypes => [.. OurTypes()];

    [Theory]
    [MemberData(nameof(PublicTypes))]
    public void Every_public_type_and_member_is_Akkas(Type type)
    {
        var differences = Differences(type).ToList();

        Assert.True(differences.Count == 0, $"{type.Name} departs from Akka.NET:{Environment.NewLine}{string.Join(Environment.NewLine, differences)}");
    }

    [Theory]
    [MemberData(nameof(ReliedOn))]
    public void What_product_actors_rely_on_is_there(string typeName, string signature)
    {
        var listed = new AkkaType("class", []);
        listed.Add(signature);
        var type = Assert.Single(OurTypes(), t => t.Name == typeName);

        Assert.Contains(Members(type), m => m is PropertyInfo p
            ? listed.Accessors(Signature.Of(p)) is not null
            : listed.Has(Written(m)));
    }

    [Fact]
    public void List_of_our_own_names_nothing_that_is_gone()
    {
        var types = OurTypes().Concat(OwnTypes()).ToList();

        Assert.All(Ours.Types.Keys, name => Assert.Contains(types, t => t.Name == name));
        Assert.All(Ours.Members.Keys, key => Assert.Contains(types, t => Members(t).Any(m => Key(t, m) == key)));
    }

    [Fact]
    public void A_member_that_Akka_lacks_is_found_out()
    {
        var differences = Differences(typeof(Departing)).ToList();

        Assert.Contains(differences, d => d.Contains("NotInAkka", StringComparison.Ordinal));
    }

    private static IEnumerable<Type> OurTypes() => Exported().Where(t => !Ours.Types.ContainsKey(t.Name));

    private static IEnumerable<Type> OwnTypes() => Exported().Where(t => Ours.Types.ContainsKey(t.Name));

    private static IEnumerable<Type> Exported() =>
        typeof(ActorSystem).Assembly.GetExportedTypes()
            .Concat(typeof(TestProbe).Assembly.GetExportedTypes().Where(t => t.Namespace == typeof(TestProbe).Namespace))
            .Where(t => !t.IsDefined(typeof(CompilerGeneratedAttribute)));

    private static IEnumerable<string> Differences(Type type)
    {
        if (s_akka.Find(AkkaName(type)) is not { } akka)
        {
            yield return "no such type is listed";
            yield break;
        }
        if (akka.Kind != Kind(type))
        {
            yield return $"is a {Kind(type)}, there a {akka.Kind}";
        }
        var inherited = s_akka.WithBases(AkkaName(type)).SelectMany(t => t.Inherits).ToHashSet();
        foreach (var missing in Bases(type).Where(b => !inherited.Contains(b)))
        {
            yield return $"is a {missing}, which it is not there";
        }
        foreach (var member in Members(type).Where(m => !Ours.Members.ContainsKey(Key(type, m))))
        {
            if (Difference(type, member) is { } difference)
            {
                yield return difference;
            }
        }
    }

    private static string? Difference(Type type, MemberInfo member)
    {
        var signature = Written(member);
        if (member is PropertyInfo property)
        {
            var accessors = s_akka.WithBases(AkkaName(type)).Select(t => t.Accessors(signature)).FirstOrDefault(a => a is not null);
            return accessors is null ? $"{signature}: no such property"
                : !Covers(accessors, "get", property.GetMethod) || !Covers(accessors, "set", property.SetMethod) ? $"{signature}: there{accessors}"
                : null;
        }
        return s_akka.WithBases(AkkaName(type)).Any(t => t.Has(signature)) ? Overridability(type, member, signature) : $"{signature}: not listed";
    }

    // Where ours can be overridden, theirs must be overridable too.
    private static string? Overridability(Type type, MemberInfo member, string signature) =>
        member is MethodInfo { IsVirtual: true, IsFinal: false } && !type.IsSealed
        && !s_akka.WithBases(AkkaName(type)).Any(t => t.CanOverride(signature))
            ? $"{signature}: cannot be overridden there"
            : null;

    private static bool Covers(string accessors, string word, MethodInfo? ours)
    {
        if (Signature.Visible(ours) is not { } accessor)
        {
            return true;
        }
        return accessors.Contains($" {word};", StringComparison.Ordinal)
            && (!accessor.IsPublic || !accessors.Contains($"protected {word};", StringComparison.Ordinal));
    }

    private static IEnumerable<MemberInfo> Members(Type type) =>
        type.IsSubclassOf(typeof(Delegate)) ? [] : type.GetMembers(Declared).Where(m => IsCallable(type, m));

    private static bool IsCallable(Type type, MemberInfo member) => member switch
    {
        _ when member.IsDefined(typeof(CompilerGeneratedAttribute)) => false,
        ConstructorInfo { IsStatic: false } constructor => Reachable(type, constructor),
        MethodInfo { IsSpecialName: false } method => Reachable(type, method) && !IsObjects(method),
        PropertyInfo property => (property.GetMethod ?? property.SetMethod) is { } accessor && Reachable(type, accessor),
        FieldInfo field => (field.IsPublic && !field.IsSpecialName) || (!type.IsSealed && (field.IsFamily || field.IsFamilyOrAssembly)),
        _ => false,
    };

    private static bool Reachable(Type type, MethodBase method) => method.IsPublic || (!type.IsSealed && Signature.IsVisible(method));

    private static bool IsObjects(MethodInfo method) =>
        method.GetBaseDefinition().DeclaringType == typeof(object) || (method.Name == nameof(Equals) && method.DeclaringType == typeof(Envelope));

    private static string Written(MemberInfo member) => member switch
    {
        MethodBase method => Signature.Of(method),
        PropertyInfo property => Signature.Of(property),
        FieldInfo field => Signature.Of(field),
        _ => throw new ArgumentException($"{member} is no member that can be written.", nameof(member)),
    };

    private static string Key(Type type, MemberInfo member) => $"{type.Name}: {Written(member)}";

    private static string AkkaName(Type type) => type == typeof(Departing) ? "PoisonPill" : type.Name;

    private static string Kind(Type type) =>
        type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsValueType ? "struct" : "class";

    // Only types of the two assemblies: what the framework adds (Exception, ValueType, IEquatable) is its own affair.
    private static IEnumerable<string> Bases(Type type) =>
        new[] { type.BaseType }.Concat(type.GetInterfaces())
            .Where(t => t is { IsPublic: true } && Exported().Contains(t))
            .Select(t => t!.Name);

    private sealed class Departing
    {
        public static void NotInAkka()
        {
        }
    }
}
