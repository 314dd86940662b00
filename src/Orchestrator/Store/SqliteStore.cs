using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace Orchestrator.Store;

/// <summary>One SQLite file, one writer. Write-ahead log with full synchronisation: a commit survives the power.</summary>
public sealed class SqliteStore : IStore
{
    /// <summary>Bumped with each change of the tables; an older program refuses a newer file.</summary>
    private const int SchemaVersion = 1;

    /// <summary>How long a commit waits for a reader of the same file, a backup for instance, in seconds.</summary>
    private const int BusyTimeoutSeconds = 5;

    private readonly SqliteConnection connection;
    private readonly SemaphoreSlim gate = new(1, 1);

    private SqliteStore(SqliteConnection connection) => this.connection = connection;

    /// <summary>Creates the file, readable by its owner alone, when it is missing. Throws <see cref="SqliteException"/> or <see cref="IOException"/> when it cannot be opened.</summary>
    public static SqliteStore Open(string path)
    {
        if (!File.Exists(path))
        {
            using var created = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        }
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusyTimeoutSeconds }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
            var version = Convert.ToInt32(Scalar(connection, "PRAGMA user_version"), System.Globalization.CultureInfo.InvariantCulture);
            if (version > SchemaVersion)
            {
                throw new IOException($"{path} was written by a newer version of orchestrator (schema {version}, this one knows {SchemaVersion}); upgrade this program");
            }
            Execute(connection, $"""
                CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
                INSERT OR IGNORE INTO counter VALUES (1, 0);
                PRAGMA user_version = {SchemaVersion};
                """);
            return new SqliteStore(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public async Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            using var command = Command("SELECT value, revision FROM entries WHERE key = $key", ("$key", key));
            using var reader = command.ExecuteReader();
            return reader.Read() ? new StoreEntry(key, reader.GetString(0), reader.GetInt64(1)) : null;
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            using var command = Command("SELECT key, value, revision FROM entries WHERE key >= $from AND key < $to ORDER BY key", ("$from", prefix), ("$to", End(prefix)));
            using var reader = command.ExecuteReader();
            var entries = ImmutableArray.CreateBuilder<StoreEntry>();
            while (reader.Read())
            {
                entries.Add(new StoreEntry(reader.GetString(0), reader.GetString(1), reader.GetInt64(2)));
            }
            return entries.ToImmutable();
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            using var transaction = connection.BeginTransaction();
            var revision = Convert.ToInt64(Scalar(connection, "UPDATE counter SET revision = revision + 1 RETURNING revision"), System.Globalization.CultureInfo.InvariantCulture);
            foreach (var change in changes)
            {
                Apply(change, revision);
            }
            transaction.Commit();
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        gate.Dispose();
    }

    private void Apply(StoreChange change, long revision)
    {
        switch (change)
        {
            case StoreChange.Put put:
                if (put.ExpectedRevision is { } expected)
                {
                    using var read = Command("SELECT revision FROM entries WHERE key = $key", ("$key", put.Key));
                    var actual = (long?)read.ExecuteScalar() ?? 0;
                    if (actual != expected)
                    {
                        throw new StoreConflictException(put.Key, expected, actual);
                    }
                }
                Run("INSERT INTO entries VALUES ($key, $value, $revision) ON CONFLICT (key) DO UPDATE SET value = $value, revision = $revision", ("$key", put.Key), ("$value", put.Value), ("$revision", revision));
                break;
            case StoreChange.Delete delete:
                Run("DELETE FROM entries WHERE key = $key", ("$key", delete.Key));
                break;
            case StoreChange.DeletePrefix delete:
                Run("DELETE FROM entries WHERE key >= $from AND key < $to", ("$from", delete.Key), ("$to", End(delete.Key)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "no such store change");
        }
    }

    /// <summary>The first key after all that begin with the prefix. SQLite compares text by its bytes.</summary>
    private static string End(string prefix) => prefix + "\U0010FFFF";

    private void Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }
        return command;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
