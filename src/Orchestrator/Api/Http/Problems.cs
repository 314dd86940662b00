using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>The one place where refusals become HTTP and HTTP becomes refusals.</summary>
internal static class Problems
{
    public static LinkProblem From(CoordinatorException exception) => exception.Kind switch
    {
        CoordinatorErrorKind.Invalid => new("invalid", 400, "The request is not valid", exception.Message),
        CoordinatorErrorKind.NotFound => new("not-found", 404, "Not found", exception.Message),
        CoordinatorErrorKind.Unreachable => new("unreachable", 502, "Something cannot be reached", exception.Message),
        CoordinatorErrorKind.Denied => new("denied", 403, "Not allowed", exception.Message),
        CoordinatorErrorKind.Conflict => new("conflict", 409, "Not possible now", exception.Message),
        CoordinatorErrorKind.Internal => new("internal", 500, "A fault of the coordinator", exception.Message),
        _ => throw new ArgumentOutOfRangeException(nameof(exception), exception.Kind, "unknown kind"),
    };

    public static CoordinatorException ToException(LinkProblem problem) => new(
        problem.Kind switch
        {
            "invalid" => CoordinatorErrorKind.Invalid,
            "not-found" => CoordinatorErrorKind.NotFound,
            "unreachable" => CoordinatorErrorKind.Unreachable,
            "denied" => CoordinatorErrorKind.Denied,
            "conflict" => CoordinatorErrorKind.Conflict,

            // A newer coordinator may know more kinds.
            _ => CoordinatorErrorKind.Internal,
        },
        problem.Detail);

    public static CoordinatorException ToException(TrustException exception) => new(
        exception.Kind switch
        {
            TrustErrorKind.Invalid => CoordinatorErrorKind.Invalid,
            TrustErrorKind.Unreachable => CoordinatorErrorKind.Unreachable,
            TrustErrorKind.Denied => CoordinatorErrorKind.Denied,
            TrustErrorKind.Conflict => CoordinatorErrorKind.Conflict,
            _ => throw new ArgumentOutOfRangeException(nameof(exception), exception.Kind, "unknown kind"),
        },
        exception.Message,
        exception);
}
