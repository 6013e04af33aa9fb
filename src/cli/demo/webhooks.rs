//! The demo's five webhooks, each authenticated as its vendor does it, and the config that accepts them.

use std::net::SocketAddr;
use std::path::Path;

use hmac::Mac;
use url::form_urlencoded;

use crate::core::source::auth::hmac_sha256;

/// What the demo's sources share with their "vendors". Not secret, and good for nothing but the demo.
const SECRET: &str = "demo-secret";
const TOKEN: &str = "demo-token";

const GITHUB: &str = include_str!("github.json");
const GITLAB: &str = include_str!("gitlab.json");
const JIRA: &str = include_str!("jira.json");
const CODEUP: &str = include_str!("codeup.json");
const TRAVIS: &str = include_str!("travis.json");
/// Signature of `travis.json` under the private half of `travis.pem`. Only Travis has its private key, so the demo has
/// a signature in place of one; `tests/it/demo.rs` makes a new one when the payload was changed.
const TRAVIS_SIGNATURE: &str = include_str!("travis.signature");
const TRAVIS_KEY: &str = include_str!("travis.pem");

/// A request as a vendor sends it.
pub struct Webhook {
    pub source: &'static str,
    pub what: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

pub fn all() -> [Webhook; 5] {
    let json = ("content-type", "application/json".to_owned());
    [
        Webhook {
            source: "github",
            what: "GitHub: a pull request was opened",
            headers: vec![
                json.clone(),
                ("x-github-event", "pull_request".to_owned()),
                (
                    "x-github-delivery",
                    "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned(),
                ),
                ("x-hub-signature-256", signature(GITHUB)),
            ],
            body: GITHUB.to_owned(),
        },
        Webhook {
            source: "gitlab",
            what: "GitLab: a pipeline failed",
            headers: vec![
                json.clone(),
                ("x-gitlab-event", "Pipeline Hook".to_owned()),
                ("x-gitlab-token", TOKEN.to_owned()),
                (
                    "idempotency-key",
                    "f5e5f430-f57b-4e6e-9fac-d9128cd7232f".to_owned(),
                ),
            ],
            body: GITLAB.to_owned(),
        },
        Webhook {
            source: "jira",
            what: "Jira: an issue was updated",
            headers: vec![
                json.clone(),
                ("x-atlassian-webhook-identifier", "9a1d2c3b-0001".to_owned()),
                ("x-hub-signature", signature(JIRA)),
            ],
            body: JIRA.to_owned(),
        },
        Webhook {
            source: "codeup",
            what: "Codeup: commits were pushed (this route is in Chinese)",
            headers: vec![
                json,
                ("x-codeup-event", "Push Hook".to_owned()),
                ("x-codeup-token", TOKEN.to_owned()),
                (
                    "x-codeup-delivery",
                    "0b7d7e0e-5f0e-4c39-8a58-5d0f2f0f9a11".to_owned(),
                ),
            ],
            body: CODEUP.to_owned(),
        },
        Webhook {
            source: "travis",
            what: "Travis CI: a build was fixed",
            headers: vec![
                (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("travis-repo-slug", "acme/search".to_owned()),
                ("signature", TRAVIS_SIGNATURE.trim().to_owned()),
            ],
            body: form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", TRAVIS)
                .finish(),
        },
    ]
}

/// `sha256=…` as GitHub and Jira send it.
fn signature(body: &str) -> String {
    let code = hmac_sha256(SECRET.as_bytes(), &[body.as_bytes()])
        .finalize()
        .into_bytes();
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The demo's config, in the words of any other.
pub fn config(webhook: &str, folder: &Path) -> String {
    let secret = super::sandbox_command::SECRET;
    let folder = folder.display();
    format!(
        r#"[store]
url = 'sqlite:{folder}/hookbell.db'

[templates]
dir = '{folder}/templates'

[sources.github]
secret = "{SECRET}"

[sources.gitlab]
token = "{TOKEN}"

[sources.jira]
secret = "{SECRET}"

[sources.codeup]
token = "{TOKEN}"

[sources.travis]
public_key = '''
{TRAVIS_KEY}'''

[groups.demo]
webhook = "{webhook}"
secret = "{secret}"

[people.alice]
github = "alice"
jira = "5b10ac8d82e05b22cc7d4ef6"
mobile = "13800000000"

[people.bob]
github = "bob"
user_id = "bob"

[[routes]]
name = "reviews and assignments call people"
event = ["pull_request", "issue_updated"]
to = ["demo"]
mention = ["reviewers", "assignees"]

[[routes]]
name = "Codeup in Chinese"
source = "codeup"
to = ["demo"]
language = "zh"
final = true

[[routes]]
name = "everything"
to = ["demo"]
"#
    )
}

/// How to post a payload of one's own to the demo.
pub fn how_to_post(relay: SocketAddr) -> String {
    format!(
        r#"Post a payload of your own, as GitLab or as GitHub would:

  curl http://{relay}/hooks/gitlab -H 'Content-Type: application/json' \
    -H 'X-Gitlab-Token: {TOKEN}' -H 'X-Gitlab-Event: Push Hook' --data-binary @payload.json

  curl http://{relay}/hooks/github -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' \
    -H "X-Hub-Signature-256: sha256=$(openssl dgst -sha256 -hmac {SECRET} -r payload.json | cut -d' ' -f1)" \
    --data-binary @payload.json
"#
    )
}
