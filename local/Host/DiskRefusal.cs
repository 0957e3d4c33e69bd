using IRFunctions.Local.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Local.Host;

/// <summary>Whoever sends while the disk takes nothing hears that, and what to do (507, RFC 4918 section 11.5).</summary>
internal static class DiskRefusal
{
    public static void Use(WebApplication app) =>
        app.Use(
            async (http, next) =>
            {
                try
                {
                    await next(http);
                }
                catch (Exception e) when (!http.Response.HasStarted && DiskTrouble.Is(e))
                {
                    await Results
                        .Problem($"Nothing was taken in: {DiskTrouble.Of(e)}.", statusCode: StatusCodes.Status507InsufficientStorage)
                        .ExecuteAsync(http);
                }
            }
        );
}
