namespace Azure.Data.Tables.Models;

public class TableItem(string name)
{
    public string Name { get; } = name;
}

public readonly struct TableErrorCode(string value) : IEquatable<TableErrorCode>
{
    private readonly string value = value;

    public static TableErrorCode EntityAlreadyExists { get; } = new("EntityAlreadyExists");

    public static TableErrorCode ResourceNotFound { get; } = new("ResourceNotFound");

    public static TableErrorCode TableAlreadyExists { get; } = new("TableAlreadyExists");

    public static TableErrorCode TableNotFound { get; } = new("TableNotFound");

    public static TableErrorCode UpdateConditionNotSatisfied { get; } = new("UpdateConditionNotSatisfied");

    public static TableErrorCode EntityTooLarge { get; } = new("EntityTooLarge");

    public static TableErrorCode InvalidInput { get; } = new("InvalidInput");

    public static TableErrorCode InvalidDuplicateRow { get; } = new("InvalidDuplicateRow");

    public static bool operator ==(TableErrorCode l, TableErrorCode r) => l.Equals(r);

    public static bool operator !=(TableErrorCode l, TableErrorCode r) => !l.Equals(r);

    public static bool operator ==(TableErrorCode c, string s) => c.value == s;

    public static bool operator !=(TableErrorCode c, string s) => c.value != s;

    public static bool operator ==(string s, TableErrorCode c) => c.value == s;

    public static bool operator !=(string s, TableErrorCode c) => c.value != s;

    public bool Equals(TableErrorCode o) => string.Equals(value, o.value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object? o) => o is TableErrorCode other && Equals(other);

    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");

    public override string ToString() => value;
}
