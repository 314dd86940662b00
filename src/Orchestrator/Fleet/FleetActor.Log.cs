using Microsoft.Extensions.Logging;

namespace Orchestrator.Fleet;

public sealed partial class FleetActor
{
    [LoggerMessage(3005, LogLevel.Warning, "host {Host}: its facts could not be stored; a coordinator that starts anew knows the ones before until the host reports")]
    private partial void LogNotRemembered(Exception cause, string host);

    [LoggerMessage(3006, LogLevel.Warning, "host {Host}: could not be removed from the store, and stays")]
    private partial void LogNotForgotten(Exception cause, string host);
}
