using System.Collections;
using System.Linq.Expressions;
using System.Reflection;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// Two things that the official executor knows and does not tell (of the pinned version; the tests notice where another one differs): which of its tasks
/// are open, so that a timer that lost its race can be removed at once, and whether ContinueAsNew was called before the code ended, which an executor
/// that is kept would forget.
/// </summary>
internal static class ExecutorState
{
    private static readonly Func<TaskOrchestrationExecutor, object> Context = FieldOf<TaskOrchestrationExecutor, object>("context");
    private static readonly Type ContextType = typeof(TaskOrchestrationExecutor).GetField("context", BindingFlags.Instance | BindingFlags.NonPublic)!.FieldType;
    private static readonly Func<object, IDictionary> OpenTasks = Compile<IDictionary>(c => Expression.Field(c, "openTasks"));
    private static readonly Func<object, bool> Continues = Compile<bool>(c => Expression.Property(c, "HasContinueAsNew"));

    /// <summary>By the number of the call: activities, timers and sub-orchestrations that have not answered.</summary>
    public static IDictionary OpenTasksOf(TaskOrchestrationExecutor executor) => OpenTasks(Context(executor));

    public static bool WillContinueAsNew(TaskOrchestrationExecutor executor) => Continues(Context(executor));

    private static Func<TOwner, TValue> FieldOf<TOwner, TValue>(string name)
    {
        var owner = Expression.Parameter(typeof(TOwner));
        return Expression.Lambda<Func<TOwner, TValue>>(Expression.Convert(Expression.Field(owner, name), typeof(TValue)), owner).Compile();
    }

    private static Func<object, T> Compile<T>(Func<Expression, Expression> member)
    {
        var context = Expression.Parameter(typeof(object));
        return Expression.Lambda<Func<object, T>>(Expression.Convert(member(Expression.Convert(context, ContextType)), typeof(T)), context).Compile();
    }
}
