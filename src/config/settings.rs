//! Settings as the program uses them: everything resolved, nothing left to check.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::core::budget::Allowance;
use crate::core::event::Kind;
use crate::core::people::Member;
use crate::core::quiet::QuietTimes;
use crate::core::route::RouteSpec;
use crate::core::secret::Secret;
use crate::core::source::Credentials;
pub use crate::core::template::Language;

/// A checked config. Lists are in the order of their names; routes in the order of the file.
#[derive(Debug, Clone)]
pub struct Config {
    pub server: Server,
    pub admin: Admin,
    pub store: StoreUrl,
    /// How long finished deliveries are kept.
    pub retention: Duration,
    /// Bytes above which finished deliveries are removed before their time, the oldest first.
    pub max_size: Option<u64>,
    pub templates: TemplatesSettings,
    pub log: LogSettings,
    /// `None` where nobody wants traces.
    pub otlp: Option<OtlpSettings>,
    pub sources: Vec<SourceSettings>,
    pub groups: Vec<GroupSettings>,
    pub organizations: Vec<OrganizationSettings>,
    pub people: Vec<Member>,
    pub routes: Vec<RouteSettings>,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// Bytes.
    pub max_body: usize,
    /// Who is believed about where a request came from.
    pub trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Clone)]
pub struct Admin {
    pub listen: SocketAddr,
    /// Any of these opens the page and the API; empty only on a loopback address.
    pub tokens: Vec<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// Path of the database file, relative to the working directory.
    Sqlite(PathBuf),
    /// The address as it was written, which names a database and may hold a password.
    Postgres(Secret),
}

#[derive(Debug, Clone)]
pub struct TemplatesSettings {
    /// Relative to the working directory. Exists, unless it is the default: the built-in templates are enough.
    pub dir: PathBuf,
    pub language: Language,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpSettings {
    /// Whole, with `/v1/traces`.
    pub address: Url,
    /// Names in lower case. Both can be sent as they are.
    pub headers: Vec<(String, Secret)>,
    pub service: String,
    /// 1 to 100.
    pub sample_percent: u8,
}

/// What is written to standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogSettings {
    pub format: LogFormat,
    pub level: LogLevel,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// How grave something must be to stand in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// As `RUST_LOG` spells it.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// The last part of `/hooks/{name}`.
    pub name: String,
    pub kind: Kind,
    pub credentials: Credentials,
    /// Where Travis' public keys are fetched from, besides those in `credentials`.
    pub config_url: Option<Url>,
    /// Where requests may come from; empty means anywhere.
    pub allow: Vec<IpNet>,
}

#[derive(Debug, Clone)]
pub struct GroupSettings {
    pub name: String,
    /// Instead of that of the templates.
    pub language: Option<Language>,
    /// When only urgent messages are posted.
    pub quiet: QuietTimes,
    /// The group that is told while none of this group's bots works. Going from fallback to fallback ends somewhere.
    pub fallback: Option<String>,
    /// The organisation whose posts it uses up; one of `organizations`.
    pub organization: Option<String>,
    /// At least one.
    pub bots: Vec<BotSettings>,
}

/// An organisation in DingTalk.
#[derive(Debug, Clone)]
pub struct OrganizationSettings {
    pub name: String,
    pub allowance: Allowance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotSettings {
    /// Unique in its group; `bot` where the group has just one without a name.
    pub name: String,
    /// An `http` or `https` address with an `access_token`.
    pub webhook: Secret,
    /// Signs posts; a bot may be secured by keywords or addresses alone.
    pub secret: Option<Secret>,
    /// The bot's keywords, or else the group's.
    pub keywords: Vec<String>,
    /// 1 to 20.
    pub rate_per_minute: u32,
    /// Posts that this bot has in a month, besides those of its organisation.
    pub monthly: Option<u32>,
}

/// A route as written, with every name in it known. Patterns and `when` are compiled by whoever matches events.
#[derive(Debug, Clone)]
pub struct RouteSettings {
    /// Where it stands in the config, `routes[2]`: the start of the keys for [`super::Loaded::error`].
    pub key: String,
    /// Its name is unique; `route 3` where the third route has none.
    pub spec: RouteSpec,
}

/// Default of `server.listen`.
pub const SERVER_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Default of `admin.listen`.
pub const ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
/// Default of `server.max_body`, in bytes: what GitHub sends at most.
pub const MAX_BODY: usize = 25 * 1024 * 1024;
/// Default of `store.url`.
pub const STORE_PATH: &str = "data/hookbell.db";
/// Less would forget attempts by which the bots' minutes are counted, and repeats that vendors still send.
pub const SHORTEST_RETENTION: Duration = Duration::from_secs(60 * 60);
/// Default of `store.retention`.
pub const RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Less than this would keep next to nothing.
pub const SMALLEST_STORE: u64 = 16 * 1024 * 1024;
/// Shortest and longest `gather` of a route: a second is what tells a burst from single events, and after ten minutes
/// nobody takes a message for news.
pub const GATHER: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(10 * 60);
/// Default of `templates.dir`.
pub const TEMPLATES_DIR: &str = "templates";
