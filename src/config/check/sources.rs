//! `[sources.…]`: a kind, and the proofs that this kind of vendor can give.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};

use super::{Check, networks};
use crate::config::key;
use crate::config::raw::RawSource;
use crate::config::settings::SourceSettings;
use crate::config::words::{any_of, suggestion};
use crate::core::event::Kind;
use crate::core::secret::Secret;
use crate::core::source::{self, Credentials, Proof};

pub fn sources(raw: &BTreeMap<String, RawSource>, check: &mut Check<'_>) -> Vec<SourceSettings> {
    raw.iter()
        .filter_map(|(name, raw)| source(name, raw, check))
        .collect()
}

fn source(name: &str, raw: &RawSource, check: &mut Check<'_>) -> Option<SourceSettings> {
    let path = key::child("sources", name);
    check.name(&path, name);
    let kind = kind(&path, name, raw, check);
    let credentials = Credentials {
        secrets: check.secrets(&key::child(&path, "secret"), raw.secret.as_ref()),
        tokens: check.secrets(&key::child(&path, "token"), raw.token.as_ref()),
        signing_secrets: signing_secrets(&path, raw, check),
        user: raw.user.clone(),
        passwords: check.secrets(&key::child(&path, "password"), raw.password.as_ref()),
        public_keys: public_keys(&path, raw, check),
        insecure: raw.insecure,
    };
    let config_url = config_url(&path, raw, check);
    let allow = networks(&key::child(&path, "allow"), raw.allow.as_ref(), check);
    let kind = kind?;
    refuse_foreign_keys(&path, kind, raw, check);
    check_basic(&path, raw, check);
    check_any_proof(&path, kind, raw, check);
    Some(SourceSettings {
        name: name.to_owned(),
        kind,
        credentials,
        config_url,
        allow,
    })
}

fn kind(path: &str, name: &str, raw: &RawSource, check: &mut Check<'_>) -> Option<Kind> {
    let key = key::child(path, "kind");
    let word = raw.kind.as_deref().unwrap_or(name);
    let kind = Kind::from_name(word);
    if kind.is_none() && !check.is_pruned(&key) {
        let kinds = Kind::ALL.map(Kind::name);
        check.error(
            &key,
            format!("the source `{name}` has no `kind`"),
            format!("add kind = \"…\"; {}", suggestion(name, kinds)),
        );
    }
    kind
}

/// The settings that make up a proof.
fn keys_of(proof: Proof) -> &'static [&'static str] {
    match proof {
        Proof::Secret => &["secret"],
        Proof::Token => &["token"],
        Proof::SigningSecret => &["signing_secret"],
        Proof::Basic => &["user", "password"],
        Proof::PublicKey => &["public_key", "config_url"],
    }
}

/// The settings of a source that are there, of those that make up proofs.
fn keys_in(raw: &RawSource) -> Vec<&'static str> {
    let present = [
        ("secret", raw.secret.is_some()),
        ("token", raw.token.is_some()),
        ("signing_secret", raw.signing_secret.is_some()),
        ("user", raw.user.is_some()),
        ("password", raw.password.is_some()),
        ("public_key", raw.public_key.is_some()),
        ("config_url", raw.config_url.is_some()),
    ];
    let present = present.into_iter().filter(|(_, is_set)| *is_set);
    present.map(|(key, _)| key).collect()
}

fn proof_keys(kind: Kind) -> Vec<&'static str> {
    let proofs = source::of(kind).proofs().iter();
    proofs.flat_map(|proof| keys_of(*proof)).copied().collect()
}

fn refuse_foreign_keys(path: &str, kind: Kind, raw: &RawSource, check: &mut Check<'_>) {
    let own = proof_keys(kind);
    for name in keys_in(raw) {
        if !own.contains(&name) {
            check.error(
                &key::child(path, name),
                format!("{} has no `{name}`", kind.title()),
                format!("use {}", alternatives(&own)),
            );
        }
    }
}

fn check_any_proof(path: &str, kind: Kind, raw: &RawSource, check: &mut Check<'_>) {
    let own = proof_keys(kind);
    let is_pruned = |name: &&str| check.is_pruned(&key::child(path, name));
    if raw.insecure || !keys_in(raw).is_empty() || own.iter().any(is_pruned) {
        return;
    }
    check.error(
        path,
        format!("`{path}` has nothing to check senders with"),
        format!(
            "set {}, or insecure = true to accept whatever anyone posts",
            alternatives(&own)
        ),
    );
}

fn alternatives(keys: &[&str]) -> String {
    let words: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    any_of(&words)
}

fn check_basic(path: &str, raw: &RawSource, check: &mut Check<'_>) {
    let (missing, given) = match (&raw.user, &raw.password) {
        (Some(_), None) => ("password", "user"),
        (None, Some(_)) => ("user", "password"),
        _ => return,
    };
    if !check.is_pruned(&key::child(path, missing)) {
        check.error(
            &key::child(path, given),
            format!("`{path}` has a `{given}` and no `{missing}`"),
            format!("add `{missing}`; basic authentication needs both"),
        );
    }
}

/// GitLab's signing tokens: `whsec_` and base64 (Standard Webhooks).
fn signing_secrets(path: &str, raw: &RawSource, check: &mut Check<'_>) -> Vec<Secret> {
    let key = key::child(path, "signing_secret");
    let secrets = check.secrets(&key, raw.signing_secret.as_ref());
    let is_well_formed = |secret: &Secret| {
        let encoded = secret.expose().strip_prefix("whsec_");
        encoded
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .is_some_and(|bytes| !bytes.is_empty())
    };
    if !secrets.iter().all(is_well_formed) {
        check.error(
            &key,
            format!("`{key}` is not a signing token"),
            "copy it whole from GitLab: `whsec_` and base64; a plain secret token belongs in `token`",
        );
    }
    secrets
}

fn public_keys(path: &str, raw: &RawSource, check: &mut Check<'_>) -> Vec<String> {
    let key = key::child(path, "public_key");
    let is_pem = |text: &String| {
        text.trim_start().starts_with("-----BEGIN") && text.contains("PUBLIC KEY-----")
    };
    let (keys, others): (Vec<String>, Vec<String>) = check
        .secrets(&key, raw.public_key.as_ref())
        .iter()
        .map(|secret| secret.expose().to_owned())
        .partition(is_pem);
    if !others.is_empty() {
        check.error(
            &key,
            format!("`{key}` is not a public key in PEM"),
            "it begins with -----BEGIN PUBLIC KEY-----; or set `config_url` to fetch it",
        );
    }
    keys
}

/// An address that is fetched to learn whom to trust must not be read from an open network.
fn config_url(path: &str, raw: &RawSource, check: &mut Check<'_>) -> Option<Url> {
    let url = Url::parse(raw.config_url.as_deref()?.trim()).ok();
    let url = url.filter(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    });
    if url.is_none() {
        let key = key::child(path, "config_url");
        check.error(
            &key,
            format!("`{key}` is not an https address"),
            "write \"https://api.travis-ci.com/config\", or that of your own Travis CI",
        );
    }
    url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
