using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace IRFunctions.Tests.Sdk;

/// <summary>Prints the public and protected members of types, one line each, in the format of tests/data/azure-sdk-surface.</summary>
internal static class Surface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Type[] Implied = [typeof(object), typeof(ValueType), typeof(Enum), typeof(MulticastDelegate)];

    public static SortedSet<string> Describe(IEnumerable<Type> types)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in types) Describe(type, lines);
        return lines;
    }

    private static void Describe(Type type, SortedSet<string> lines)
    {
        var name = Name(type);
        lines.Add($"{name} | {Modifiers(type)}{Kind(type)}{Base(type)}");
        if (type.IsEnum)
        {
            foreach (var value in Enum.GetNames(type))
                lines.Add($"{name}.{value} | = {Convert.ToInt64(Enum.Parse(type, value), CultureInfo.InvariantCulture)}");
            return;
        }
        foreach (var constructor in type.GetConstructors(Declared).Where(c => !c.IsStatic && Visible(c)))
            lines.Add($"{name}.ctor({Parameters(constructor)}) | {Access(constructor)}");
        foreach (var property in type.GetProperties(Declared)) Describe(name, property, lines);
        foreach (var field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily))
            lines.Add($"{name}.{field.Name} | {(field.IsStatic ? "static " : "")}field {Name(field.FieldType)}");
        foreach (var e in type.GetEvents(Declared).Where(e => Visible(e.AddMethod)))
            lines.Add($"{name}.{e.Name} | event {Name(e.EventHandlerType!)}");
        foreach (var method in type.GetMethods(Declared).Where(Listed))
            lines.Add($"{name}.{method.Name}{TypeParameters(method)}({Parameters(method)}) | {Access(method)}{Name(method.ReturnType)}");
    }

    private static void Describe(string typeName, PropertyInfo property, SortedSet<string> lines)
    {
        var (getter, setter) = (property.GetMethod, property.SetMethod);
        if (!Visible(getter) && !Visible(setter)) return;
        var init = setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var accessors = (Visible(getter) ? "get; " : "") + (Visible(setter) ? init ? "init; " : "set; " : "");
        var index = string.Join(", ", property.GetIndexParameters().Select(p => Name(p.ParameterType)));
        var access = Access((Visible(getter) ? getter : setter)!);
        lines.Add($"{typeName}.{property.Name}{(index == "" ? "" : $"[{index}]")} | {access}{Name(property.PropertyType)} {{ {accessors}}}");
    }

    private static bool Visible(MethodBase? method) => method is not null && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly);

    private static bool Listed(MethodInfo method) =>
        Visible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) && !method.Name.Contains('<');

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : "class";

    private static string Modifiers(Type type) => (type.IsAbstract, type.IsSealed) switch
    {
        (true, true) => "static ",
        (true, false) => type.IsInterface ? "" : "abstract ",
        (false, true) => type.IsValueType ? "" : "sealed ",
        _ => "",
    };

    private static string Base(Type type) =>
        type.BaseType is { } parent && !Implied.Contains(parent) ? " : " + Name(parent) : "";

    private static string TypeParameters(MethodInfo method) =>
        method.IsGenericMethodDefinition ? "<" + string.Join(", ", method.GetGenericArguments().Select(a => a.Name)) + ">" : "";

    private static string Access(MethodBase method)
    {
        var overrides = method is MethodInfo info && info.GetBaseDefinition() != info;
        var kind = method.IsStatic ? "static "
            : method.IsAbstract ? "abstract "
            : !method.IsVirtual || method.IsFinal ? ""
            : overrides ? "override " : "virtual ";
        return (method.IsPublic ? "" : "protected ") + kind;
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var byRef = parameter.IsOut ? "out " : "ref ";
        var prefix = parameter.ParameterType.IsByRef ? byRef : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        var value = parameter.RawDefaultValue is null ? "default" : Convert.ToString(parameter.RawDefaultValue, CultureInfo.InvariantCulture);
        return $"{prefix}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {value}" : "")}";
    }

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter) return type.Name;
        var scope = type.IsNested ? Name(type.DeclaringType!) + "." : type.Namespace is { } space && space != "System" ? space + "." : "";
        var tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        if (tick < 0) return scope + type.Name;
        var own = type.GetGenericArguments().TakeLast(int.Parse(type.Name[(tick + 1)..], CultureInfo.InvariantCulture));
        return $"{scope}{type.Name[..tick]}<{string.Join(", ", own.Select(Name))}>";
    }
}
