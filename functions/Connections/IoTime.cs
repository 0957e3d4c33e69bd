namespace IRFunctions.Connections;

/// <summary>
/// The clock by which answers of other services are waited for. The pipeline's clock may run faster than the real one (a demonstration);
/// networks, models and disks do not.
/// </summary>
/// <param name="Clock">Of real waits; the pipeline's own where that is real, and under virtual time.</param>
/// <param name="Factor">Seconds of the pipeline's clock in one of this one.</param>
public sealed record IoTime(TimeProvider Clock, double Factor = 1)
{
    /// <summary>How long a real wait is by the pipeline's clock.</summary>
    public TimeSpan ByPipeline(TimeSpan real) => real * Math.Max(1, Factor);
}
