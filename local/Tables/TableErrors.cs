using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Local.Tables;

/// <summary>The service's refusals: status, code and message as the Table service documents them.</summary>
internal static class TableErrors
{
    public static RequestFailedException TableNotFound() => New(404, "TableNotFound", "The table specified does not exist.");

    public static RequestFailedException TableExists() => New(409, "TableAlreadyExists", "The table specified already exists.");

    public static RequestFailedException EntityNotFound() => New(404, "ResourceNotFound", "The specified resource does not exist.");

    public static RequestFailedException EntityExists() => New(409, "EntityAlreadyExists", "The specified entity already exists.");

    public static RequestFailedException ConditionNotMet() =>
        New(412, "UpdateConditionNotSatisfied", "The update condition specified in the request was not satisfied.");

    public static RequestFailedException Invalid(string code, string message) => New(400, code, message);

    /// <summary>What stands under the tables takes nothing: as the service says when it cannot serve, so that callers try again.</summary>
    public static RequestFailedException Unavailable(string why, Exception cause) => new(503, why, "ServerBusy", cause);

    /// <summary>The whole transaction failed because of one action; its index counts from 0.</summary>
    public static TableTransactionFailedException InTransaction(RequestFailedException error, int index)
    {
        var text = index.ToString(CultureInfo.InvariantCulture);
        var wrapped = New(error.Status, error.ErrorCode ?? "", $"{text}:{error.Message}");
        wrapped.Data["FailedEntity"] = text; // where the official client keeps the index
        return new TableTransactionFailedException(wrapped);
    }

    private static RequestFailedException New(int status, string code, string message) => new(status, message, code, null);
}
