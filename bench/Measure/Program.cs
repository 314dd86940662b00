using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Measure;

const string Usage = """
    usage: orchestrator-measure agents URL DATA COUNT FOLDER
           orchestrator-measure plan HOSTS REPLICAS
           orchestrator-measure floor IMAGE NEXT REPLICAS SCALED PARALLELISM MONITOR-MS INTERVAL-MS ENGINE...

    agents  COUNT simulated hosts of the coordinator at URL, whose data folder is DATA, each with a certificate and a link
            of its own; prints "ready" when all are connected, and answers for their engines at once until its standard
            input closes
    plan    times the planner alone on a fleet of HOSTS hosts with one stack of REPLICAS replicas: first deploy, nothing
            to do, and every replica outdated
    floor   times bare engine calls for a first deploy, an update, the way back and scaling, under the same gates
    """;

switch (args)
{
    case ["agents", var url, var data, var count, var folder]:
        await SimulatedFleet.RunAsync(new Uri(url), data, Number(count), folder);
        return 0;
    case ["plan", var hosts, var replicas]:
        PlanTiming.Run(Number(hosts), Number(replicas));
        return 0;
    case ["floor", var image, var next, var replicas, var scaled, var parallelism, var monitor, var interval, .. { Length: > 0 } engines]:
        var options = new FloorOptions(image, next, Number(replicas), Number(scaled), Number(parallelism), TimeSpan.FromMilliseconds(Number(monitor)), TimeSpan.FromMilliseconds(Number(interval)));
        await new EngineFloor([.. engines.Select(e => new EngineClient(EngineAddress.Parse(e)))], options).RunAsync();
        return 0;
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
