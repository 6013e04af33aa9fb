//! What somebody sees before anything has come in: where to point a webhook, and a command that sends an event.

use actix_web::HttpRequest;

use crate::operate::Operator;
use crate::operate::traffic::SourceTraffic;

pub struct Hello {
    pub address: String,
    /// For vendors whose proof a shell can make.
    pub command: Option<String>,
}

const GITHUB: &str = r#"{"action":"opened","issue":{"number":1,"title":"Hello from Hookbell"},"repository":{"full_name":"acme/shop"},"sender":{"login":"mona"}}"#;
const GITLAB: &str = r#"{"object_kind":"issue","user":{"username":"mona"},"project":{"path_with_namespace":"acme/shop"},"object_attributes":{"iid":1,"action":"open","title":"Hello from Hookbell"}}"#;

impl Hello {
    /// Of the source that is easiest to try, if there is any.
    pub fn of(
        sources: &[SourceTraffic],
        operator: &Operator,
        request: &HttpRequest,
    ) -> Option<Hello> {
        let easy = |source: &&SourceTraffic| command(source.kind, "").is_some();
        let source = sources.iter().find(easy).or(sources.first())?;
        let in_force = operator.current.load();
        let listen = in_force.checked.config.server.listen;
        // Where the webhooks' listener has no name of its own, the one of this page will do.
        let host = match listen.ip().is_unspecified() {
            true => {
                let info = request.connection_info();
                let name = info
                    .host()
                    .rsplit_once(':')
                    .map_or(info.host(), |(name, _)| name);
                format!("{name}:{}", listen.port())
            }
            false => listen.to_string(),
        };
        let address = format!("http://{host}{}", source.path);
        Some(Hello {
            command: command(source.kind, &address),
            address,
        })
    }
}

fn command(kind: &str, address: &str) -> Option<String> {
    match kind {
        "github" => Some(format!(
            "body='{GITHUB}'\n\
             sign=$(printf %s \"$body\" | openssl dgst -sha256 -hmac 'SECRET' | sed 's/.* //')\n\
             curl -H 'X-GitHub-Event: issues' -H 'Content-Type: application/json' \\\n  \
             -H \"X-Hub-Signature-256: sha256=$sign\" -d \"$body\" {address}"
        )),
        "gitlab" => Some(format!(
            "curl -H 'X-Gitlab-Event: Issue Hook' -H 'X-Gitlab-Token: SECRET' \\\n  \
             -H 'Content-Type: application/json' -d '{GITLAB}' {address}"
        )),
        _ => None,
    }
}
