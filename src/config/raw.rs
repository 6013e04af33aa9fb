//! The config file as it is written: every key, all of them optional, nothing checked yet.
//!
//! The comments on the fields are the descriptions in the JSON Schema that `hookbell schema` prints, so they speak to
//! the person who writes the file. None of these types can be printed, as they hold secrets. What a value must look like beyond its type is checked in [`super::check`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::settings::{Language, LogFormat, LogLevel};

/// Configuration of Hookbell, a webhook relay from GitHub, GitLab, Jira, Codeup and Travis CI to DingTalk.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Hookbell", default)]
pub struct RawConfig {
    pub server: RawServer,
    pub admin: RawAdmin,
    pub store: RawStore,
    pub templates: RawTemplates,
    pub log: RawLog,
    pub otlp: RawOtlp,
    /// Who may post: `[sources.NAME]` is the endpoint `POST /hooks/NAME`.
    pub sources: BTreeMap<String, RawSource>,
    /// Where messages go: `[groups.NAME]` is a DingTalk group with one or more bots.
    pub groups: BTreeMap<String, RawGroup>,
    /// Whose monthly posts the groups use up: `[organizations.NAME]` is an organisation in DingTalk.
    pub organizations: BTreeMap<String, RawOrganization>,
    /// Who is mentioned when a vendor's user is concerned.
    pub people: BTreeMap<String, RawPerson>,
    /// Which events go to which groups, tried from top to bottom.
    pub routes: Vec<RawRoute>,
}

/// The public endpoint that vendors post to.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawServer {
    /// IP address and port; `127.0.0.1:8080` by default.
    #[schemars(example = &"127.0.0.1:8080")]
    pub listen: Option<String>,
    /// Larger requests are answered with 413; `25MiB` by default.
    #[schemars(example = &"25MiB")]
    pub max_body: Option<String>,
    /// Proxies in front, as addresses or networks. What they say in `X-Forwarded-For` is believed, of nobody else; only
    /// needed for `allow` under a source and for the addresses in the log.
    #[schemars(example = ["10.0.0.0/8"])]
    pub trusted_proxies: Option<Vec<String>>,
}

/// The web page, its API and the metrics.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawAdmin {
    /// IP address and port; `127.0.0.1:8081` by default. Any address but a loopback one needs `token`.
    #[schemars(example = &"127.0.0.1:8081")]
    pub listen: Option<String>,
    /// What a visitor must show.
    pub token: Option<RawSecrets>,
}

/// Where deliveries are kept.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawStore {
    /// `sqlite:` and a path, relative to the working directory; `sqlite:data/hookbell.db` by default. Or the address of a
    /// PostgreSQL database, `postgres://USER:PASSWORD@HOST/DATABASE`, which is kept secret.
    #[schemars(example = &"sqlite:data/hookbell.db")]
    pub url: Option<RawSecret>,
    /// How long finished deliveries are kept; `14d` by default.
    #[schemars(example = &"14d")]
    pub retention: Option<String>,
    /// Size of the store above which finished deliveries are removed before their time, the oldest first; no limit by
    /// default.
    #[schemars(example = &"2GiB")]
    pub max_size: Option<String>,
}

/// How messages are worded.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawTemplates {
    /// Folder of your own templates, relative to the working directory; they win over the built-in ones.
    #[schemars(example = &"templates")]
    pub dir: Option<String>,
    /// Language of the messages; a group may differ. `en` by default.
    pub language: Option<Language>,
}

/// What is written to standard error.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLog {
    /// `text` for people or `json` for programs, one object a line; `text` by default.
    pub format: Option<LogFormat>,
    /// How much; `info` by default. The environment variable RUST_LOG says it for single parts.
    pub level: Option<LogLevel>,
}

/// Traces for a collector of OpenTelemetry's; none without `endpoint`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOtlp {
    /// Address of a collector that takes OTLP over HTTP; spans go to `/v1/traces` below it.
    #[schemars(example = &"http://127.0.0.1:4318")]
    pub endpoint: Option<String>,
    /// Headers that the collector wants to see.
    pub headers: BTreeMap<String, RawSecret>,
    /// What this relay is called there; `hookbell` by default.
    #[schemars(example = &"hookbell")]
    pub service: Option<String>,
    /// Of a hundred deliveries, how many are traced; all by default.
    #[schemars(range(min = 1, max = 100))]
    pub sample_percent: Option<i64>,
}

/// One endpoint that a vendor posts to. At least one secret, token or key is needed.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSource {
    /// The vendor; may be left out where the name of the source is one.
    #[schemars(extend("enum" = ["github", "gitlab", "jira", "codeup", "travis"]))]
    pub kind: Option<String>,
    /// GitHub's and Jira's webhook secret (`X-Hub-Signature`).
    pub secret: Option<RawSecrets>,
    /// GitLab's and Codeup's secret token; for old Jira servers the `?token=` or `?secret=` of the webhook's address.
    pub token: Option<RawSecrets>,
    /// GitLab's signing token.
    #[schemars(example = &"whsec_…")]
    pub signing_secret: Option<RawSecrets>,
    /// User name of HTTP basic authentication (Jira), together with `password`.
    #[schemars(example = &"hookbell")]
    pub user: Option<String>,
    /// Password of HTTP basic authentication (Jira), together with `user`.
    pub password: Option<RawSecrets>,
    /// Travis CI's public key in PEM.
    pub public_key: Option<RawSecrets>,
    /// Address of Travis CI's configuration, from which the public key is fetched.
    #[schemars(example = &"https://api.travis-ci.com/config")]
    pub config_url: Option<String>,
    /// Addresses or networks that may post here; anyone by default. Behind a proxy, name it in
    /// `server.trusted_proxies`.
    #[schemars(example = ["192.0.2.7", "2001:db8::/32"])]
    pub allow: Option<Vec<String>>,
    /// Accept whatever is posted, from anyone.
    pub insecure: bool,
}

/// A DingTalk group: either `webhook` and `secret` of its one bot, or several `bots`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawGroup {
    /// The address that DingTalk shows for the bot, whole.
    pub webhook: Option<RawSecret>,
    /// The bot's signing secret.
    pub secret: Option<RawSecret>,
    /// Language of the messages in this group.
    pub language: Option<Language>,
    /// The keywords of the bot's security settings; one is added where a message lacks all of them.
    #[schemars(example = ["build"])]
    pub keywords: Option<Vec<String>>,
    /// Messages per minute and bot, 1 to 20; DingTalk's limit of 20 is the default.
    #[schemars(range(min = 1, max = 20))]
    pub rate_per_minute: Option<i64>,
    /// Messages per month and bot, where DingTalk's developer console limits single bots; no limit by default.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub monthly: Option<i64>,
    /// When only urgent messages are posted; what else came is told afterwards. Days, if not every day, then the time
    /// of day, then the time zone.
    #[schemars(example = &"22:00-08:00 Asia/Shanghai")]
    pub quiet: Option<OneOrMany>,
    /// The group that is told instead while none of this group's bots works.
    #[schemars(example = &"backend")]
    pub fallback: Option<String>,
    /// Name of the organisation whose posts this group uses up. Where there is just one, every group belongs to it.
    #[schemars(example = &"company")]
    pub organization: Option<String>,
    /// Several bots in one group share its messages: `[groups.GROUP.bots.NAME]`.
    pub bots: BTreeMap<String, RawBot>,
}

/// How many messages an organisation may post in a month, by its edition of DingTalk.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOrganization {
    /// Messages per month of all bots together; the free edition of DingTalk has 3000.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub monthly: Option<i64>,
    /// At these percentages the log warns, and messages are put together to save the rest for urgent ones; `[70, 90]`
    /// by default.
    #[schemars(example = [70, 90])]
    pub warn_at: Option<Vec<i64>>,
}

/// One of several bots in a group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawBot {
    /// The address that DingTalk shows for the bot, whole.
    pub webhook: Option<RawSecret>,
    /// The bot's signing secret.
    pub secret: Option<RawSecret>,
    /// The bot's keywords, where they differ from the group's.
    #[schemars(example = ["build"])]
    pub keywords: Option<Vec<String>>,
    /// Messages per minute, where it differs from the group's.
    #[schemars(range(min = 1, max = 20))]
    pub rate_per_minute: Option<i64>,
    /// Messages per month, where it differs from the group's.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub monthly: Option<i64>,
}

/// A person: who it is at the vendors, and who it is in DingTalk.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPerson {
    /// Login at GitHub.
    #[schemars(example = &"alice-w")]
    pub github: Option<OneOrMany>,
    /// User name at GitLab.
    #[schemars(example = &"alice")]
    pub gitlab: Option<OneOrMany>,
    /// Account id (cloud) or user name (server) in Jira.
    #[schemars(example = &"5b10ac8d82e05b22cc7d4ef5")]
    pub jira: Option<OneOrMany>,
    /// User name at Codeup.
    #[schemars(example = &"alice")]
    pub codeup: Option<OneOrMany>,
    /// Name at Travis CI.
    #[schemars(example = &"alice-w")]
    pub travis: Option<OneOrMany>,
    /// Mail address, for vendors that tell it.
    #[schemars(example = &"alice@example.com")]
    pub email: Option<OneOrMany>,
    /// Mobile number in DingTalk; abroad with country code: `+852-12345678`.
    #[schemars(example = &"13800000000")]
    pub mobile: Option<String>,
    /// User id in DingTalk.
    #[schemars(example = &"alice01")]
    pub user_id: Option<String>,
}

/// A rule. An event must pass every matcher that is set; a matcher is one pattern or a list of patterns, `*` stands
/// for anything, and a leading `!` excludes.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawRoute {
    /// What this route is called in logs and on the page.
    #[schemars(example = &"failed builds")]
    pub name: Option<String>,
    /// Names of sources, or kinds.
    #[schemars(example = &"gitlab")]
    pub source: Option<OneOrMany>,
    /// The vendor's words for what happened.
    #[schemars(example = &"pipeline")]
    pub event: Option<OneOrMany>,
    /// The vendor's words for what was done.
    #[schemars(example = &"opened")]
    pub action: Option<OneOrMany>,
    /// Full paths of repositories; keys of Jira projects.
    #[schemars(example = &"acme/**")]
    pub repo: Option<OneOrMany>,
    /// Branches; of a pull or merge request the target.
    #[schemars(example = &"release/*")]
    pub branch: Option<OneOrMany>,
    /// Tags.
    #[schemars(example = &"v*")]
    pub tag: Option<OneOrMany>,
    /// Where it stands now.
    #[schemars(example = &"failed")]
    pub status: Option<OneOrMany>,
    /// Logins of who did it.
    #[schemars(example = &"!*[bot]")]
    pub actor: Option<OneOrMany>,
    /// Logins of who made the thing that it was done to.
    #[schemars(example = &"alice-w")]
    pub author: Option<OneOrMany>,
    /// Labels.
    #[schemars(example = &"urgent")]
    pub label: Option<OneOrMany>,
    /// A condition in CEL over `event` and `payload`.
    #[schemars(example = &"event.pipeline.duration > 600")]
    pub when: Option<String>,
    /// Names of groups.
    #[schemars(example = &"backend")]
    pub to: Option<OneOrMany>,
    /// Who is mentioned: `author`, `actor`, `assignees`, `reviewers`, `committers`, `mentioned`, people, or `all`.
    #[schemars(example = &"author")]
    pub mention: Option<OneOrMany>,
    /// Template to use instead of the event's own.
    #[schemars(example = &"pipeline-short")]
    pub template: Option<String>,
    /// Language of these messages, instead of the group's.
    pub language: Option<Language>,
    /// Goes ahead of the backlog and is never folded into a digest.
    pub urgent: bool,
    /// What happens to one thing (a pull request, a pipeline, an issue) within this time of its first event becomes
    /// one message; `1s` to `10min`. Not for urgent routes.
    #[schemars(example = &"30s")]
    pub gather: Option<String>,
    /// Whether these events may be told in a digest together with others; `true` by default.
    pub digest: Option<bool>,
    /// No later route sees an event that matched this one.
    pub r#final: bool,
}

/// One text or a list of texts.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A secret, or where it is found.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(example = serde_json::json!({ "env": "NAME" }))]
pub enum RawSecret {
    /// The secret itself.
    Text(String),
    Env(FromEnv),
    File(FromFile),
}

/// The secret is the value of an environment variable.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromEnv {
    /// Name of the variable.
    pub env: String,
}

/// The secret is the content of a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromFile {
    /// Path of the file, relative to the config file. A line break at its end is not part of the secret.
    pub file: String,
}

/// A secret, or several while it is being rotated: any of them will do.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(example = serde_json::json!({ "env": "NAME" }))]
pub enum RawSecrets {
    // First, because serde would also read a list of one text as `FromEnv`.
    Many(Vec<RawSecret>),
    One(RawSecret),
}
