//! Where the database is: a URL as PostgreSQL's own programs take it. Its password is in no text that comes from here.
//!
//! `sslmode` means what it means to them (<https://www.postgresql.org/docs/current/libpq-ssl.html>): `prefer`, which is
//! the default, and `require` encrypt without asking who is at the other end; `verify-full` asks. A root certificate
//! other than the system's is named by `sslrootcert`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::Trust;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Longest that sent bytes may wait for a sign that they arrived. Without it, a machine that is gone without a word
/// would be believed to be there for a quarter of an hour.
const SILENCE: Duration = Duration::from_secs(10);

/// A PostgreSQL database.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    pub(super) trust: Trust,
    place: String,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "it has more than one `@`; write an `@` in the user's name or the password as `%40`, and `/`, `?`, `#` and `%` \
         as `%2F`, `%3F`, `%23` and `%25`"
    )]
    Credentials,
    #[error("sslmode is one of disable, prefer, require and verify-full")]
    TlsMode,
    #[error("sslrootcert goes with sslmode=verify-full")]
    RootWithoutVerification,
    #[error("{0}")]
    Other(String),
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`.
    pub fn parse(url: &str) -> Result<Address, AddressError> {
        let rest = url.split_once('@').map_or(url, |(_, rest)| rest);
        if rest.contains('@') {
            return Err(AddressError::Credentials);
        }
        let credentials = &url[..url.len() - rest.len()];
        let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut mode = "prefer";
        let mut root = None;
        let mut others = Vec::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", value)) => root = Some(PathBuf::from(decoded(value))),
                _ => others.push(option),
            }
        }
        let known = format!("{credentials}{host}?{}", others.join("&"));
        let mut config = Config::from_str(&known).map_err(|error| {
            let cause = std::error::Error::source(&error);
            AddressError::Other(cause.unwrap_or(&error).to_string())
        })?;
        let (tls, trust) = match mode {
            "disable" => (SslMode::Disable, Trust::Anybody),
            "prefer" => (SslMode::Prefer, Trust::Anybody),
            "require" => (SslMode::Require, Trust::Anybody),
            "verify-full" => (SslMode::Require, Trust::SignedBy(root.take())),
            _ => return Err(AddressError::TlsMode),
        };
        if root.is_some() {
            return Err(AddressError::RootWithoutVerification);
        }
        if config.get_application_name().is_none() {
            config.application_name("hookbell");
        }
        config
            .ssl_mode(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .keepalives_interval(SILENCE / 4)
            .keepalives_retries(3);
        Ok(Address {
            place: place(&config),
            config,
            trust,
        })
    }

    /// Host, port and database, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").field(&self.place).finish()
    }
}

fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            }
        })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or("");
    format!("{}/{database}", hosts.join(","))
}

fn decoded(value: &str) -> String {
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told_without_the_password() {
        let cases = [
            (
                "postgres://relay:hush%40@db.example.com/hookbell",
                "db.example.com:5432/hookbell",
            ),
            (
                "postgresql://relay:hush@one:5433,two:5434/hookbell?target_session_attrs=read-write",
                "one:5433,two:5434/hookbell",
            ),
            ("postgres://relay:hush@127.0.0.1", "127.0.0.1:5432/relay"),
            (
                "postgres:///hookbell?host=/var/run/postgresql&user=relay&password=hush",
                "/var/run/postgresql/hookbell",
            ),
        ];
        for (url, place) in cases {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.place(), place);
            let debug = format!("{address:?}");
            assert!(!debug.contains("hush"), "{debug}");
        }
    }

    #[test]
    fn tls_is_asked_for_as_elsewhere() {
        let root = PathBuf::from("/etc/ca file.pem");
        let cases = [
            ("", SslMode::Prefer, Trust::Anybody),
            ("?sslmode=disable", SslMode::Disable, Trust::Anybody),
            ("?sslmode=require", SslMode::Require, Trust::Anybody),
            (
                "?sslmode=verify-full",
                SslMode::Require,
                Trust::SignedBy(None),
            ),
            (
                "?sslmode=verify-full&sslrootcert=/etc/ca%20file.pem",
                SslMode::Require,
                Trust::SignedBy(Some(root)),
            ),
        ];
        for (query, mode, trust) in cases {
            let address = Address::parse(&format!("postgres://a:b@c/d{query}")).unwrap();
            assert_eq!(address.config.get_ssl_mode(), mode, "{query}");
            assert_eq!(address.trust, trust, "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        let cases = [
            ("postgres://relay:hu@sh?x=1@db/hookbell", "%40"),
            ("postgres://relay:hush@db/hookbell?sslmode=maybe", "sslmode"),
            (
                "postgres://relay:hush@db/hookbell?sslrootcert=ca.pem",
                "verify-full",
            ),
            ("postgres://relay:hush@db/hookbell?color=red", "color"),
            ("postgres://relay:hush@db:port/hookbell", "port"),
        ];
        for (url, expected) in cases {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(
                !error.contains("sh?x") && !error.contains("hush"),
                "{error}"
            );
        }
    }
}
