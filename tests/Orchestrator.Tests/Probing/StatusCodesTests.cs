using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

public sealed class StatusCodesTests
{
    [Theory]
    [InlineData("200", 200, true)]
    [InlineData("200", 204, false)]
    [InlineData("200,204,401", 401, true)]
    [InlineData("200-299, 404", 250, true)]
    [InlineData("200-299, 404", 404, true)]
    [InlineData("200-299, 404", 300, false)]
    public void Codes_and_ranges_are_expected(string text, int status, bool expected) => Assert.Equal(expected, StatusCodes.Parse(text)!.Contains(status));

    [Theory]
    [InlineData("")]
    [InlineData("200,")]
    [InlineData("ok")]
    [InlineData("299-200")]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("200-300-400")]
    [InlineData("-200")]
    public void Anything_else_is_refused(string text) => Assert.Null(StatusCodes.Parse(text));

    [Theory]
    [InlineData(199, false)]
    [InlineData(200, true)]
    [InlineData(399, true)]
    [InlineData(400, false)]
    [InlineData(503, false)]
    public void Default_is_success_and_redirection(int status, bool expected) => Assert.Equal(expected, StatusCodes.Default.Contains(status));
}
