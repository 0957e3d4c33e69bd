using Azure;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Storage;

/// <summary>What a disk that takes nothing looks like, and what a person does about it.</summary>
internal static class DiskTrouble
{
    // Primary result codes, sqlite.org/rescode.html.
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;

    /// <summary>Whether the disk, or the rights on it, are the cause, rather than what was to be written.</summary>
    public static bool Is(Exception? e) => Of(e) is not null;

    /// <summary>One sentence with the remedy; null where the disk is not the cause.</summary>
    public static string? Of(Exception? e) =>
        e switch
        {
            SqliteException { SqliteErrorCode: Full } =>
                "the disk of the state folder is full; free some space, and everything goes on by itself",
            SqliteException { SqliteErrorCode: ReadOnly or CannotOpen } =>
                "the state folder cannot be written; give this user the right to, or another folder with --state",
            SqliteException { SqliteErrorCode: IoError } =>
                "the disk of the state folder does not take what is written; look whether it is full or failing",
            RequestFailedException { InnerException: { } inner } => Of(inner),
            _ => null,
        };
}
