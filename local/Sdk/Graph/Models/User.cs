namespace Microsoft.Graph.Models;

public class User : DirectoryObject
{
    public User() => OdataType = "#microsoft.graph.user";

    public bool? AccountEnabled
    {
        get => Values.Get<bool?>("accountEnabled");
        set => Values.Set("accountEnabled", value);
    }

    public string? CompanyName
    {
        get => Values.Get<string>("companyName");
        set => Values.Set("companyName", value);
    }

    public DateTimeOffset? CreatedDateTime
    {
        get => Values.Get<DateTimeOffset?>("createdDateTime");
        set => Values.Set("createdDateTime", value);
    }

    public string? Department
    {
        get => Values.Get<string>("department");
        set => Values.Set("department", value);
    }

    public string? DisplayName
    {
        get => Values.Get<string>("displayName");
        set => Values.Set("displayName", value);
    }

    public string? EmployeeId
    {
        get => Values.Get<string>("employeeId");
        set => Values.Set("employeeId", value);
    }

    public string? EmployeeType
    {
        get => Values.Get<string>("employeeType");
        set => Values.Set("employeeType", value);
    }

    public string? GivenName
    {
        get => Values.Get<string>("givenName");
        set => Values.Set("givenName", value);
    }

    public string? JobTitle
    {
        get => Values.Get<string>("jobTitle");
        set => Values.Set("jobTitle", value);
    }

    public DateTimeOffset? LastPasswordChangeDateTime
    {
        get => Values.Get<DateTimeOffset?>("lastPasswordChangeDateTime");
        set => Values.Set("lastPasswordChangeDateTime", value);
    }

    public string? Mail
    {
        get => Values.Get<string>("mail");
        set => Values.Set("mail", value);
    }

    public string? OnPremisesSamAccountName
    {
        get => Values.Get<string>("onPremisesSamAccountName");
        set => Values.Set("onPremisesSamAccountName", value);
    }

    public bool? OnPremisesSyncEnabled
    {
        get => Values.Get<bool?>("onPremisesSyncEnabled");
        set => Values.Set("onPremisesSyncEnabled", value);
    }

    public DateTimeOffset? SignInSessionsValidFromDateTime
    {
        get => Values.Get<DateTimeOffset?>("signInSessionsValidFromDateTime");
        set => Values.Set("signInSessionsValidFromDateTime", value);
    }

    public string? Surname
    {
        get => Values.Get<string>("surname");
        set => Values.Set("surname", value);
    }

    public string? UserPrincipalName
    {
        get => Values.Get<string>("userPrincipalName");
        set => Values.Set("userPrincipalName", value);
    }

    public string? UserType
    {
        get => Values.Get<string>("userType");
        set => Values.Set("userType", value);
    }
}
