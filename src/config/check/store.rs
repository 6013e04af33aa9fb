//! `[store]`: where deliveries are kept, and how many of them.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;

use super::Check;
use crate::config::raw::RawStore;
use crate::config::settings::{
    RETENTION, SHORTEST_RETENTION, SMALLEST_STORE, STORE_PATH, StoreUrl,
};
use crate::core::secret::Secret;

const POSTGRES: [&str; 2] = ["postgres:", "postgresql:"];

/// How an address has to look, for the remedies.
const POSTGRES_SHAPE: &str = "write \"postgres://USER:PASSWORD@HOST:5432/DATABASE\", with what is no letter or digit in \
    the password percent-encoded (%23 for #), or { env = \"DATABASE_URL\" }";

/// The `url` as it was meant; never part of a problem, as it may hold a password.
pub fn url(raw: &RawStore, check: &mut Check<'_>) -> StoreUrl {
    let default = StoreUrl::Sqlite(PathBuf::from(STORE_PATH));
    let Some(raw) = &raw.url else {
        return default;
    };
    let Some(url) = check.secret("store.url", raw) else {
        return default;
    };
    let url = url.expose().trim();
    match read(url) {
        Ok(url) => url,
        Err((what, remedy)) => {
            check.error("store.url", what, remedy);
            default
        }
    }
}

fn read(url: &str) -> Result<StoreUrl, (&'static str, String)> {
    if POSTGRES.iter().any(|scheme| url.starts_with(scheme)) {
        return postgres(url).map_err(|what| (what, POSTGRES_SHAPE.to_owned()));
    }
    let remedy = || {
        format!(
            "write \"sqlite:\" and a path, such as \"sqlite:{STORE_PATH}\", or the address of a PostgreSQL database"
        )
    };
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err(("`store.url` is neither SQLite nor PostgreSQL", remedy()));
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains(":memory:") {
        return Err(("`store.url` names no database file", remedy()));
    }
    Ok(StoreUrl::Sqlite(PathBuf::from(path)))
}

/// What the address says beyond its host and its database belongs to the store, which reads it.
fn postgres(url: &str) -> Result<StoreUrl, &'static str> {
    const WRONG: &str = "`store.url` is not the address of a PostgreSQL database";
    let (address, _) = url.split_once('?').unwrap_or((url, ""));
    let parsed: tokio_postgres::Config = address.parse().map_err(|_| WRONG)?;
    // Elsewhere a # ends an address, so one in a password is a slip.
    if parsed.get_hosts().is_empty() || address.contains('#') {
        return Err(WRONG);
    }
    if parsed.get_dbname().is_none_or(str::is_empty) {
        return Err("`store.url` names no database");
    }
    Ok(StoreUrl::Postgres(Secret::new(url)))
}

pub fn retention(raw: &RawStore, check: &mut Check<'_>) -> Duration {
    check.value(
        "store.retention",
        raw.retention.as_deref(),
        RETENTION,
        |text| {
            humantime::parse_duration(text)
                .ok()
                .filter(|time| *time >= SHORTEST_RETENTION)
                .ok_or("write an hour or more with its unit, such as \"14d\" or \"36h\"")
        },
    )
}

pub fn max_size(raw: &RawStore, check: &mut Check<'_>) -> Option<u64> {
    check.value("store.max_size", raw.max_size.as_deref(), None, |text| {
        let size: Option<ByteSize> = text.parse().ok();
        size.map(|size| size.as_u64())
            .filter(|bytes| *bytes >= SMALLEST_STORE)
            .map(Some)
            .ok_or("write 16MiB or more with its unit, such as \"2GiB\"")
    })
}
