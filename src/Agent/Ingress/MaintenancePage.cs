using System.Security.Cryptography;
using System.Text;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Ingress;

/// <summary>What is answered while a service is in maintenance, in a file named after its content.</summary>
internal sealed record MaintenancePage(string FileName, string Text)
{
    /// <summary>HAProxy answers from one buffer of 16 kB, which has to hold the headers too. A longer page is replaced by the plain one.</summary>
    public const int BytesMax = 12 * 1024;

    private const string Plain = "<!doctype html><title>Maintenance</title><h1>Down for maintenance</h1><p>Please try again in a moment.</p>\n";

    public static MaintenancePage Of(MaintenanceSpec spec)
    {
        var text = spec.Page is { Length: > 0 } page && Encoding.UTF8.GetByteCount(page) <= BytesMax ? page : Plain;
        return new MaintenancePage(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16] + ".html", text);
    }
}
