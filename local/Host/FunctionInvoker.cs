using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Host;

/// <summary>
/// A function's method compiled to a delegate once, because activities run by the ten thousand a second and reflection per call would be
/// felt.
/// </summary>
internal sealed class FunctionInvoker
{
    private readonly Func<object?, object?[], ValueTask<object?>> call;
    private readonly Binder[] binders;
    private readonly ObjectFactory? create;

    /// <exception cref="InvalidOperationException">The class has no constructor that dependency injection can use.</exception>
    public FunctionInvoker(MethodInfo method, Binder[] binders)
    {
        this.binders = binders;
        call = Compile(method);
        create = method.IsStatic ? null : ActivatorUtilities.CreateFactory(method.DeclaringType!, Type.EmptyTypes);
    }

    /// <summary>As the isolated worker does: the class is created for each call, with the services of a scope of its own.</summary>
    public ValueTask<object?> InvokeAsync(Invocation invocation)
    {
        if (create is null)
            return call(null, Bind(invocation));
        return invocation.InScope ? InvokeOnAsync(invocation.Services, invocation) : InvokeInScopeAsync(invocation);
    }

    private async ValueTask<object?> InvokeInScopeAsync(Invocation invocation)
    {
        await using var scope = invocation.Services.CreateAsyncScope();
        return await InvokeOnAsync(scope.ServiceProvider, invocation);
    }

    private async ValueTask<object?> InvokeOnAsync(IServiceProvider services, Invocation invocation)
    {
        var instance = create!(services, null);
        try
        {
            return await call(instance, Bind(invocation));
        }
        finally
        {
            if (instance is IAsyncDisposable later)
                await later.DisposeAsync();
            else
                (instance as IDisposable)?.Dispose();
        }
    }

    private object?[] Bind(Invocation invocation)
    {
        var arguments = new object?[binders.Length];
        for (var i = 0; i < binders.Length; i++)
            arguments[i] = binders[i](invocation);
        return arguments;
    }

    private static Func<object?, object?[], ValueTask<object?>> Compile(MethodInfo method)
    {
        var instance = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object[]));
        var passed = method
            .GetParameters()
            .Select((p, i) => Argument(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType));
        var called = Expression.Call(method.IsStatic ? null : Expression.Convert(instance, method.DeclaringType!), method, passed);
        return Expression.Lambda<Func<object?, object?[], ValueTask<object?>>>(Awaited(called), instance, arguments).Compile();
    }

    private static Expression Argument(Expression value, Type type) =>
        type.IsValueType && Nullable.GetUnderlyingType(type) is null
            ? Expression.Condition(
                Expression.ReferenceEqual(value, Expression.Constant(null)),
                Expression.Default(type),
                Expression.Convert(value, type)
            )
            : Expression.Convert(value, type);

    private static Expression Awaited(MethodCallExpression called)
    {
        var type = called.Type;
        if (type == typeof(void))
            return Expression.Block(called, Expression.Default(typeof(ValueTask<object?>)));
        if (type == typeof(Task))
            return Expression.Call(Method(nameof(OfTask)), called);
        if (type == typeof(ValueTask))
            return Expression.Call(Method(nameof(OfValueTask)), called);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
            return Expression.Call(Method(nameof(OfTaskOf), type), called);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            return Expression.Call(Method(nameof(OfValueTaskOf), type), called);
        return Expression.New(typeof(ValueTask<object?>).GetConstructor([typeof(object)])!, Expression.Convert(called, typeof(object)));
    }

    private static MethodInfo Method(string name, Type? awaited = null)
    {
        var method = typeof(FunctionInvoker).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
        return awaited is null ? method : method.MakeGenericMethod(awaited.GetGenericArguments());
    }

    private static async ValueTask<object?> OfTask(Task task)
    {
        await task;
        return null;
    }

    private static async ValueTask<object?> OfValueTask(ValueTask task)
    {
        await task;
        return null;
    }

    private static async ValueTask<object?> OfTaskOf<T>(Task<T> task) => await task;

    private static async ValueTask<object?> OfValueTaskOf<T>(ValueTask<T> task) => await task;
}
