//! From what is written to what is meant: values are read, names looked up, secrets resolved.
//!
//! One file per part of the config. Every function takes what it can, reports the rest to [`Check`] and goes on, so
//! that one run finds everything. What [`super::structure`] took out was reported there and is not missed here.

mod groups;
mod organizations;
mod otlp;
mod people;
mod routes;
mod secrets;
mod sources;
mod store;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use ipnet::IpNet;

use super::key;
use super::origin::Origins;
use super::problem::{Place, Problem, Severity};
use super::raw::{OneOrMany, RawAdmin, RawConfig, RawServer, RawTemplates};
use super::settings::{
    ADMIN_LISTEN, Admin, Config, LogSettings, MAX_BODY, SERVER_LISTEN, Server, TEMPLATES_DIR,
    TemplatesSettings,
};

/// What the checks need to know and where they report.
pub struct Check<'a> {
    origins: &'a Origins,
    environment: &'a BTreeMap<String, String>,
    problems: Vec<Problem>,
    pruned: Vec<String>,
    secret_files: Vec<PathBuf>,
}

impl<'a> Check<'a> {
    pub fn new(
        origins: &'a Origins,
        environment: &'a BTreeMap<String, String>,
        problems: Vec<Problem>,
    ) -> Check<'a> {
        Check {
            origins,
            environment,
            problems,
            pruned: Vec::new(),
            secret_files: Vec::new(),
        }
    }

    /// Reports something that must be changed.
    pub fn error(&mut self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Error, key, what.into(), remedy.into());
    }

    fn warn(&mut self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Warning, key, what.into(), remedy.into());
    }

    fn add(&mut self, severity: Severity, key: &str, what: String, remedy: String) {
        self.problems
            .push(self.origins.problem(severity, key, what, remedy));
    }

    /// Remembers that the setting `key` was wrong and reported, and is not to be missed.
    pub fn prune(&mut self, key: &str) {
        self.pruned.push(key.to_owned());
    }

    /// Whether a setting was reported as wrong, or a part of it or the table that it is in was.
    fn is_pruned(&self, key: &str) -> bool {
        self.pruned
            .iter()
            .any(|pruned| key::is_within(key, pruned) || key::is_within(pruned, key))
    }

    /// What is wrong, and the files that were looked into besides those of the config.
    pub fn finish(self) -> (Vec<Problem>, Vec<PathBuf>) {
        (self.problems, self.secret_files)
    }

    /// The folder of the config file that set `key`; the working directory for what the environment set.
    fn folder_of(&self, key: &str) -> PathBuf {
        match self.origins.place(key) {
            Place::File { file, .. } => file.parent().unwrap_or(Path::new("")).to_owned(),
            Place::Env(_) | Place::Unknown => PathBuf::new(),
        }
    }

    /// Reports a name that is part of an address or a key and has characters that do not belong there.
    fn name(&mut self, key: &str, name: &str) {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(allowed) {
            self.error(
                key,
                format!("`{name}` cannot be a name"),
                "use lower-case letters, digits, - and _",
            );
        }
    }

    /// A value read by `read`; `default` where there is none or it cannot be read.
    fn value<T>(
        &mut self,
        key: &str,
        text: Option<&str>,
        default: T,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> T {
        let Some(text) = text else {
            return default;
        };
        read(text.trim()).unwrap_or_else(|remedy| {
            self.error(key, format!("`{key}` cannot be {text:?}"), remedy);
            default
        })
    }
}

/// Checks everything.
pub fn config(raw: RawConfig, check: &mut Check<'_>) -> Config {
    let server = server(&raw.server, check);
    let admin = admin(&raw.admin, &server, check);
    let templates = templates(&raw.templates, check);
    let sources = sources::sources(&raw.sources, check);
    let people = people::people(&raw.people, check);
    let routes = routes::routes(&raw, check);
    Config {
        server,
        admin,
        store: store::url(&raw.store, check),
        retention: store::retention(&raw.store, check),
        max_size: store::max_size(&raw.store, check),
        templates,
        otlp: otlp::otlp(&raw.otlp, check),
        log: LogSettings {
            format: raw.log.format.unwrap_or_default(),
            level: raw.log.level.unwrap_or_default(),
        },
        sources,
        organizations: organizations::organizations(&raw.organizations, check),
        groups: groups::groups(raw.groups, &raw.organizations, check),
        people,
        routes,
    }
}

fn server(raw: &RawServer, check: &mut Check<'_>) -> Server {
    Server {
        listen: check.value(
            "server.listen",
            raw.listen.as_deref(),
            SERVER_LISTEN,
            address,
        ),
        max_body: check.value(
            "server.max_body",
            raw.max_body.as_deref(),
            MAX_BODY,
            |text| {
                let size: Option<ByteSize> = text.parse().ok();
                size.and_then(|size| usize::try_from(size.as_u64()).ok())
                    .filter(|bytes| *bytes > 0)
                    .ok_or("write a size with its unit, such as \"25MiB\"")
            },
        ),
        trusted_proxies: networks(
            "server.trusted_proxies",
            raw.trusted_proxies.as_ref(),
            check,
        ),
    }
}

fn admin(raw: &RawAdmin, server: &Server, check: &mut Check<'_>) -> Admin {
    let listen = check.value("admin.listen", raw.listen.as_deref(), ADMIN_LISTEN, address);
    let tokens = check.secrets("admin.token", raw.token.as_ref());
    if !listen.ip().is_loopback() && raw.token.is_none() && !check.is_pruned("admin.token") {
        check.error(
            "admin.listen",
            "`admin.listen` can be reached from other machines, and there is no `admin.token`",
            "set `token` under [admin], or listen on 127.0.0.1",
        );
    }
    if listen == server.listen && listen.port() != 0 {
        check.error(
            "admin.listen",
            "`admin.listen` is the same as `server.listen`",
            "give one of them another port",
        );
    }
    Admin { listen, tokens }
}

fn templates(raw: &RawTemplates, check: &mut Check<'_>) -> TemplatesSettings {
    let dir = PathBuf::from(raw.dir.as_deref().unwrap_or(TEMPLATES_DIR));
    if dir.as_os_str() != TEMPLATES_DIR && !dir.is_dir() {
        check.error(
            "templates.dir",
            format!("there is no folder {:?}", dir.display().to_string()),
            "make it with `hookbell templates export DIR`, or remove `dir`; the path is relative to the working directory",
        );
    }
    TemplatesSettings {
        dir,
        language: raw.language.unwrap_or_default(),
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "write an IP address and a port, such as \"127.0.0.1:8080\" or \"0.0.0.0:8080\"",
    )
}

/// Addresses and networks; a single address is a network of one.
fn networks(key: &str, value: Option<&Vec<String>>, check: &mut Check<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (index, text) in value.into_iter().flatten().enumerate() {
        let text = text.trim();
        let network = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match network {
            Ok(network) => networks.push(network.trunc()),
            Err(_) => check.error(
                &key::item(key, index),
                format!("{text:?} is neither an address nor a network"),
                "write an IP address, or a network such as \"10.0.0.0/8\"",
            ),
        }
    }
    networks
}

/// The texts of a setting that may be one or many.
fn texts(value: Option<&OneOrMany>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text.clone()],
        Some(OneOrMany::Many(texts)) => texts.clone(),
    }
}

/// The texts of a setting, each with the key of its place.
fn keyed_texts(key: &str, value: Option<&OneOrMany>) -> Vec<(String, String)> {
    match value {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![(key.to_owned(), text.clone())],
        Some(OneOrMany::Many(texts)) => texts
            .iter()
            .enumerate()
            .map(|(index, text)| (key::item(key, index), text.clone()))
            .collect(),
    }
}
