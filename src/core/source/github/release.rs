//! Releases and published packages.

use super::fields::{self, fact};
use crate::core::event::{Asset, Event, Mark, Noun, Release};
use crate::core::json::{Json, Lookup};

/// Publishing one release sends `created`, `published` and `released` or `prereleased`; only `published` speaks.
pub fn release(event: &mut Event, payload: &Json) {
    let release = payload.at("release");
    let tag = release.text("tag_name");
    event.noun = Noun::Release;
    event.mark = Mark::Package;
    event.title = release.line("name").or_else(|| tag.clone());
    event.text = release.text("body");
    event.url = release.link("html_url");
    event.author = fields::person(release.at("author"));
    event.branch = release
        .text("target_commitish")
        .filter(|name| !is_hash(name));
    event.created_at = release.time("created_at");
    event.at = match event.action.as_str() {
        "published" => release.time("published_at"),
        "created" => event.created_at,
        _ => None,
    };
    fields::set_object(event, "release", tag.clone());
    event.changes = fields::changes(payload, release);
    event.tag = tag.clone();
    event.release = Some(Release {
        tag,
        name: release.text("name"),
        prerelease: release.flag("prerelease"),
        draft: release.flag("draft"),
        assets: release
            .list("assets")
            .into_iter()
            .filter_map(asset)
            .collect(),
    });
    match event.action.as_str() {
        "published" => {}
        "deleted" | "unpublished" => event.mark = Mark::Canceled,
        "edited" => event.hush_action("only the page of a known release changed"),
        _ => event.hush_action("the publishing of the same release tells it"),
    }
}

/// `package`, and the older `registry_package` that repeats it with the same fields under its own name.
pub fn package(event: &mut Event, payload: &Json) {
    let package = payload.at(&event.event);
    let version = package.at("package_version");
    event.mark = Mark::Package;
    event.title = package.line("name");
    event.url = version
        .link("html_url")
        .or_else(|| package.link("html_url"));
    event.author =
        fields::person(version.at("author")).or_else(|| fields::person(package.at("owner")));
    event.at = version.time("updated_at").or(package.time("updated_at"));
    event.created_at = package.time("created_at");
    fields::set_object(event, "package", event.title.clone());
    let tag = version.text("container_metadata.tag.name");
    fact(
        event,
        "version",
        tag.or_else(|| version.text("version").map(short_digest)),
    );
    fact(
        event,
        "type",
        package.text("package_type").map(|word| word.to_lowercase()),
    );
    if event.event == "registry_package" {
        event.hush_event("the package event tells it");
    }
}

/// The version of a container image without a tag is its digest, of which twelve digits will do.
fn short_digest(version: String) -> String {
    match version
        .strip_prefix("sha256:")
        .and_then(|hex| hex.get(..12))
    {
        Some(start) => format!("sha256:{start}"),
        None => version,
    }
}

fn asset(asset: &Json) -> Option<Asset> {
    Some(Asset {
        name: asset.text("name")?,
        size: asset.count("size"),
        url: asset.link("browser_download_url"),
    })
}

fn is_hash(name: &str) -> bool {
    name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
