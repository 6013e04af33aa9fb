//! Opening a database file: made if missing, with the settings that durability needs, at the schema of this version.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

/// The schema, step by step; the number of steps that a file has taken is its `user_version`.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
];
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// How long a statement waits for another program (such as `hookbell dead retry`) to end its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a database file could not be opened. The text is whole: it holds its cause and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot create the folder {}: {cause}; create it, or change store.url", folder.display())]
    Folder { folder: PathBuf, cause: io::Error },
    #[error("cannot open {} for writing: {cause}; let this user read and write it and its folder, or change store.url", path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("{} is not a Hookbell database, or is damaged: {cause}; restore it from a backup, or change store.url", path.display())]
    Foreign {
        path: PathBuf,
        cause: rusqlite::Error,
    },
    #[error("{} was written by a newer Hookbell (its schema is {found}, this program knows {known}); run that version, or restore a backup made before the upgrade", path.display())]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("cannot use the database {}: {cause}; see that its disk is not full and no other program locks it", path.display())]
    Database {
        path: PathBuf,
        cause: rusqlite::Error,
    },
    #[error("cannot start a thread for the database: {cause}")]
    Thread { cause: io::Error },
}

/// Pages that a connection keeps in memory. The default of 2 MiB holds less than the pages that one group of deliveries
/// touches, and what does not fit is written twice.
const CACHE_KIB: i64 = 16 << 10;

/// A connection for writing, to a file that exists and has today's schema afterwards.
pub fn writer(path: &Path) -> Result<Connection, OpenError> {
    create(path)?;
    let mut connection = connect(path).map_err(|cause| database_error(path, cause))?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// A connection that only reads: what was committed before it looks.
pub fn reader(path: &Path) -> Result<Connection, OpenError> {
    connect(path)
        .and_then(|connection| {
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        })
        .map_err(|cause| database_error(path, cause))
}

/// Makes the file before SQLite does, so that its mode is ours; SQLite gives its helper files the same mode.
fn create(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|cause| OpenError::Folder {
            folder: folder.to_owned(),
            cause,
        })?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(cause) => Err(OpenError::File {
            path: path.to_owned(),
            cause,
        }),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Only the first connection ever decides on the page size. Webhooks of 8 KiB fit into few pages of that size.
    connection.pragma_update(None, "page_size", 8192)?;
    // Likewise: room that old deliveries leave can be given back in small steps.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // With less, the last commits before a power failure could be lost, and they were answered 202.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let failed = |cause| database_error(path, cause);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let Some(missing) = MIGRATIONS.get(found as usize..) else {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: KNOWN,
        });
    };
    for step in missing {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", KNOWN)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn database_error(path: &Path, cause: rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let path = path.to_owned();
    match cause.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => OpenError::Foreign { path, cause },
        _ => OpenError::Database { path, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A path in a new folder, prepared by `prepare`, and the error of opening it.
    fn error_after(prepare: fn(&Path)) -> (String, OpenError) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data").join("hookbell.db");
        prepare(&path);
        let error = writer(&path).unwrap_err();
        (path.display().to_string(), error)
    }

    #[test]
    fn a_missing_file_is_made_for_durability_and_for_its_owner_only() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data").join("hookbell.db");
        let connection = writer(&path).unwrap();
        for (pragma, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("page_size", "8192"),
            ("foreign_keys", "1"),
        ] {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            let found: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{pragma}");
        }
        #[cfg(unix)]
        for helper in ["", "-wal", "-shm"] {
            use std::os::unix::fs::PermissionsExt as _;
            let file = format!("{}{helper}", path.display());
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{helper}");
        }
    }

    #[test]
    fn opening_again_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("hookbell.db");
        let schema = |connection: Connection| -> u32 {
            let sql = "SELECT schema_version FROM pragma_schema_version";
            connection.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(
            schema(writer(&path).unwrap()),
            schema(writer(&path).unwrap())
        );
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let (path, error) = error_after(|path| {
            let connection = writer(path).unwrap();
            connection.pragma_update(None, "user_version", 99).unwrap();
        });
        assert!(matches!(error, OpenError::Newer { found: 99, .. }));
        assert!(error.to_string().contains(&path), "{error}");
    }

    #[test]
    fn errors_name_the_place_and_a_remedy() {
        type Prepare = fn(&Path);
        let cases: [(Prepare, &str); 3] = [
            (
                |path| fs::write(path.parent().unwrap(), "").unwrap(),
                "create the folder",
            ),
            (|path| fs::create_dir_all(path).unwrap(), "for writing"),
            (
                |path| {
                    fs::create_dir(path.parent().unwrap()).unwrap();
                    fs::write(path, "not a database ".repeat(100)).unwrap();
                },
                "not a Hookbell database",
            ),
        ];
        for (prepare, expected) in cases {
            let (path, error) = error_after(prepare);
            let error = error.to_string();
            let folder = path.trim_end_matches("/hookbell.db");
            assert!(
                error.contains(folder) && error.contains(expected),
                "{error}"
            );
            assert!(error.contains("store.url"), "{error}");
        }
    }

    /// Before 3.51.3 two connections writing at once could, rarely, damage the file (sqlite.org/wal.html#walresetbug).
    #[test]
    fn sqlite_is_new_enough_for_its_write_ahead_log() {
        assert!(rusqlite::version_number() >= 3_051_003);
    }
}
