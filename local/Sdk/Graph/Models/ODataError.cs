using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Models.ODataErrors;

public class ODataError : ApiException
{
    public MainError? Error { get; set; }

    public override string Message => Error?.Message ?? "";
}

public class MainError : IGraphModel
{
    private readonly GraphValues values = new();

    public string? Code
    {
        get => values.Get<string>("code");
        set => values.Set("code", value);
    }

    public string? Message
    {
        get => values.Get<string>("message");
        set => values.Set("message", value);
    }

    public string? Target
    {
        get => values.Get<string>("target");
        set => values.Set("target", value);
    }

    GraphValues IGraphModel.Values => values;
}
