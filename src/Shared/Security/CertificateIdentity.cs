using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>Who a certificate of our authority names: <c>CN=name, OU=role, O=orchestrator</c>.</summary>
/// <param name="Name">Host or operator; lower case.</param>
public sealed record CertificateIdentity(string Name, CertificateRole Role)
{
    /// <summary>X.520 bounds a common name at 64; one less keeps host names within a DNS label.</summary>
    public const int NameLengthMax = 63;

    private const string Organization = "orchestrator";
    private const string OidCommonName = "2.5.4.3";
    private const string OidOrganization = "2.5.4.10";
    private const string OidOrganizationalUnit = "2.5.4.11";

    /// <summary>Letters a to z, digits, dot, hyphen and underscore; begins and ends with a letter or digit.</summary>
    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= NameLengthMax
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_');

    public X500DistinguishedName ToDistinguishedName()
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationName(Organization);
        builder.AddOrganizationalUnitName(RoleWord(Role));
        builder.AddCommonName(Name);
        return builder.Build();
    }

    /// <summary>Null when the subject is not of our form. Says nothing of who signed it: see <see cref="CertificateVerifier"/>.</summary>
    public static CertificateIdentity? From(X509Certificate2 certificate)
    {
        string? name = null, role = null, organization = null;
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements) return null;
            switch (part.GetSingleElementType().Value)
            {
                case OidCommonName: name = part.GetSingleElementValue(); break;
                case OidOrganizationalUnit: role = part.GetSingleElementValue(); break;
                case OidOrganization: organization = part.GetSingleElementValue(); break;
            }
        }

        return organization == Organization && name is not null && TryParseRole(role, out var parsed)
            ? new CertificateIdentity(name, parsed)
            : null;
    }

    public static string RoleWord(CertificateRole role) => role switch
    {
        CertificateRole.Coordinator => "coordinator",
        CertificateRole.Agent => "agent",
        CertificateRole.Operator => "operator",
        CertificateRole.Viewer => "viewer",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "unknown role"),
    };

    public static bool TryParseRole(string? word, out CertificateRole role)
    {
        foreach (var candidate in Enum.GetValues<CertificateRole>())
        {
            if (!string.Equals(RoleWord(candidate), word, StringComparison.OrdinalIgnoreCase)) continue;
            role = candidate;
            return true;
        }

        role = default;
        return false;
    }

    public override string ToString() => $"{RoleWord(Role)} {Name}";
}
