namespace IRFunctions.Local.Tables;

/// <summary>A parsed <c>$filter</c>: whether a row matches, and which range of keys can hold matches at all.</summary>
internal abstract record TableFilter
{
    public static readonly TableFilter Everything = new Constant(true);

    public abstract bool Matches(TableRow row);

    /// <summary>
    /// Keys outside of the range cannot match; keys inside may. One partition and a range of its rows, or a range of partitions.
    /// </summary>
    public KeyRange Range()
    {
        var comparisons = Conjuncts().OfType<Comparison>().Where(c => c.Literal is string).ToList();
        var (fromPartition, toPartition) = Bounds(comparisons, "PartitionKey");
        if (fromPartition is null && toPartition is null)
            return KeyRange.All;
        if (fromPartition != toPartition)
            return new KeyRange(fromPartition ?? "", "", toPartition, null);
        var (fromRow, toRow) = Bounds(comparisons, "RowKey");
        return new KeyRange(fromPartition!, fromRow ?? "", toPartition, toRow);
    }

    protected virtual IEnumerable<TableFilter> Conjuncts() => [this];

    private static (string? Low, string? High) Bounds(List<Comparison> comparisons, string key)
    {
        (string? low, string? high) = (null, null);
        foreach (var comparison in comparisons.Where(c => c.Property == key))
        {
            var value = (string)comparison.Literal;
            if (comparison.Operator is "eq" or "ge" or "gt" && (low is null || KeyOrder.Compare(value, low) > 0))
                low = value;
            if (comparison.Operator is "eq" or "le" or "lt" && (high is null || KeyOrder.Compare(value, high) < 0))
                high = value;
        }
        return (low, high);
    }

    internal sealed record Constant(bool Value) : TableFilter
    {
        public override bool Matches(TableRow row) => Value;
    }

    internal sealed record Not(TableFilter Inner) : TableFilter
    {
        public override bool Matches(TableRow row) => !Inner.Matches(row);
    }

    internal sealed record And(TableFilter Left, TableFilter Right) : TableFilter
    {
        public override bool Matches(TableRow row) => Left.Matches(row) && Right.Matches(row);

        protected override IEnumerable<TableFilter> Conjuncts() => Left.Conjuncts().Concat(Right.Conjuncts());
    }

    internal sealed record Or(TableFilter Left, TableFilter Right) : TableFilter
    {
        public override bool Matches(TableRow row) => Left.Matches(row) || Right.Matches(row);
    }

    /// <summary>False where the row has no such property, or one of a type that does not compare with the literal.</summary>
    internal sealed record Comparison(string Property, string Operator, object Literal) : TableFilter
    {
        public override bool Matches(TableRow row) =>
            row[Property] is { } value
            && Compare(value, Literal) is { } order
            && Operator switch
            {
                "eq" => order == 0,
                "ne" => order != 0,
                "gt" => order > 0,
                "ge" => order >= 0,
                "lt" => order < 0,
                _ => order <= 0,
            };

        private static int? Compare(object value, object literal) =>
            (value, literal) switch
            {
                (string a, string b) => KeyOrder.Compare(a, b),
                (bool a, bool b) => a.CompareTo(b),
                (int or long, int or long) => ToLong(value).CompareTo(ToLong(literal)),
                (int or long or double, int or long or double) => ToDouble(value).CompareTo(ToDouble(literal)),
                (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
                (Guid a, Guid b) => a.CompareTo(b),
                (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
                _ => null,
            };

        private static long ToLong(object number) => number is int small ? small : (long)number;

        private static double ToDouble(object number) => number is double real ? real : ToLong(number);
    }
}
