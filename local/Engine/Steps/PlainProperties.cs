using System.Collections;
using System.Globalization;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// The properties of a failure in the form that they have after a journey in protobuf, as the official worker's have
/// (ProtoUtils.ConvertObjectToValue): numbers are doubles, times keep their kind, lists and maps are followed, the rest is text. So they
/// are the same before and after the history is read again.
/// </summary>
internal sealed class PlainProperties(IExceptionPropertiesProvider inner) : IExceptionPropertiesProvider
{
    public IDictionary<string, object?>? GetExceptionProperties(Exception exception) =>
        inner.GetExceptionProperties(exception)?.ToDictionary(p => p.Key, p => Plain(p.Value));

    private static object? Plain(object? value) =>
        value switch
        {
            null or string or bool or double or DateTime or DateTimeOffset => value,
            int or long or float or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
            IDictionary<string, object?> map => map.ToDictionary(p => p.Key, p => Plain(p.Value)),
            IEnumerable list => list.Cast<object?>().Select(Plain).ToList(),
            _ => value.ToString() ?? "",
        };
}
