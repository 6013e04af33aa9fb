//! Findings of GitHub's scanners, and advisories. A found secret itself is never read, only its kind and place.

use super::fields::{self, fact};
use crate::core::event::{Alert, Event, Mark, Noun};
use crate::core::json::{Json, Lookup};

pub fn dependabot_alert(event: &mut Event, payload: &Json) {
    let alert = payload.at("alert");
    about(event, alert);
    let advisory = alert.at("security_advisory");
    let vulnerability = alert.at("security_vulnerability");
    event.text = advisory.text("summary");
    let package = alert
        .text("dependency.package.name")
        .or_else(|| vulnerability.text("package.name"));
    event.alert = Some(Alert {
        severity: vulnerability
            .text("severity")
            .or_else(|| advisory.text("severity")),
        what: affected(package, vulnerability.text("vulnerable_version_range")),
        ecosystem: alert.text("dependency.package.ecosystem"),
        fixed_in: vulnerability.text("first_patched_version.identifier"),
        path: alert.text("dependency.manifest_path"),
        identifier: advisory.text("cve_id").or_else(|| advisory.text("ghsa_id")),
        reason: reason(alert, "dismissed"),
        ..Alert::default()
    });
    title_from_finding(event);
}

pub fn code_scanning_alert(event: &mut Event, payload: &Json) {
    let alert = payload.at("alert");
    about(event, alert);
    let rule = alert.at("rule");
    let instance = alert.at("most_recent_instance");
    event.text = instance.text("message.text");
    if let Some(name) = payload.text("ref").or_else(|| instance.text("ref")) {
        fields::set_ref(event, &name);
    }
    event.alert = Some(Alert {
        severity: rule
            .text("security_severity_level")
            .or_else(|| rule.text("severity")),
        what: rule
            .line("description")
            .or_else(|| rule.text("name"))
            .or_else(|| rule.text("id")),
        path: instance.text("location.path"),
        line: instance.count("location.start_line"),
        tool: alert.text("tool.name"),
        reason: reason(alert, "dismissed"),
        ..Alert::default()
    });
    fact(event, "rule", rule.text("id"));
    title_from_finding(event);
}

pub fn secret_scanning_alert(event: &mut Event, payload: &Json) {
    let alert = payload.at("alert");
    about(event, alert);
    event.alert = Some(Alert {
        what: alert
            .text("secret_type_display_name")
            .or_else(|| alert.text("secret_type").map(fields::words)),
        reason: reason(alert, "resolution"),
        ..Alert::default()
    });
    if event.url.is_none()
        && let Some(number) = &event.number
    {
        event.url = fields::page(event, &["security", "secret-scanning", number]);
    }
    if event.action == "publicly_leaked" {
        event.mark = Mark::Attention;
    }
    fact(event, "validity", alert.text("validity"));
    if alert.flag("publicly_leaked") {
        fact(event, "publicly leaked", Some("yes".to_owned()));
    }
    title_from_finding(event);
}

pub fn secret_scanning_location(event: &mut Event, payload: &Json) {
    secret_scanning_alert(event, payload);
    let location = payload.at("location");
    let details = location.at("details");
    if let Some(alert) = &mut event.alert {
        alert.path = details.text("path");
        alert.line = details.count("start_line");
    }
    fact(event, "found in", location.text("type").map(fields::words));
}

pub fn scan(event: &mut Event, payload: &Json) {
    event.mark = Mark::Security;
    fact(event, "scan", payload.text("type"));
    fact(event, "source", payload.text("source"));
    event.at = payload.time("completed_at");
    event.hush_event("what a scan finds has alerts of its own");
}

/// `security_and_analysis`: scanners of the repository were switched on or off.
pub fn settings(event: &mut Event, payload: &Json) {
    event.mark = Mark::Security;
    event.title = event.repo.as_ref().map(|repo| repo.name.clone());
    event.url = fields::page(event, &["settings", "security_analysis"]);
    event.at = payload.time("repository.updated_at");
    let before = payload.at("changes.from.security_and_analysis");
    let Json::Object(now) = payload.at("repository.security_and_analysis") else {
        return;
    };
    for (scanner, state) in now.sorted() {
        let from = before.at(scanner).text("status");
        let to = state.text("status");
        if from != to {
            let scanner = fields::words(scanner.to_owned());
            event.changes.push(fields::change(&scanner, from, to));
        }
    }
}

/// The older form of Dependabot's alerts, still sent by Enterprise Server.
pub fn vulnerability_alert(event: &mut Event, payload: &Json) {
    let alert = payload.at("alert");
    about(event, alert);
    event.url = event
        .url
        .take()
        .or_else(|| alert.link("external_reference"));
    event.alert = Some(Alert {
        severity: alert.text("severity"),
        what: affected(
            alert.text("affected_package_name"),
            alert.text("affected_range"),
        ),
        fixed_in: alert.text("fixed_in"),
        identifier: alert
            .text("external_identifier")
            .or_else(|| alert.text("ghsa_id")),
        reason: reason(alert, "dismiss"),
        ..Alert::default()
    });
    title_from_finding(event);
}

/// `repository_advisory`, and `security_advisory` of GitHub's database, which has neither repository nor sender.
pub fn advisory(event: &mut Event, payload: &Json) {
    let advisory = payload.at(&event.event);
    about(event, advisory);
    let vulnerability = advisory.at("vulnerabilities.0");
    event.title = advisory.line("summary");
    event.text = advisory.text("description");
    event.author =
        fields::person(advisory.at("author")).or_else(|| fields::person(advisory.at("publisher")));
    event.at = advisory.time("updated_at").or(event.at);
    let id = advisory.text("ghsa_id");
    if let Some(id) = &id {
        // GitHub's database is on github.com, whoever tells of it.
        let in_database = || format!("https://github.com/advisories/{id}");
        event.url = event.url.take().or_else(|| Some(in_database()));
        fields::set_object(event, "alert", Some(id.clone()));
        if event.object.is_none() {
            event.object = Some(format!("github:advisories:alert:{id}"));
        }
    }
    event.alert = Some(Alert {
        severity: advisory
            .text("severity")
            .or_else(|| vulnerability.text("severity")),
        what: affected(
            vulnerability.text("package.name"),
            vulnerability.text("vulnerable_version_range"),
        )
        .or_else(|| event.title.clone()),
        ecosystem: vulnerability.text("package.ecosystem"),
        fixed_in: vulnerability
            .text("first_patched_version.identifier")
            .or_else(|| vulnerability.text("patched_versions")),
        identifier: advisory.text("cve_id").or(id),
        ..Alert::default()
    });
}

fn about(event: &mut Event, alert: &Json) {
    event.noun = Noun::Alert;
    event.mark = match event.action.as_str() {
        "fixed" | "resolved" | "resolve" => Mark::Passed,
        _ => Mark::Security,
    };
    event.status = alert.text("state");
    event.url = alert.link("html_url");
    event.assignees = fields::people(alert, "assignees");
    // Each scanner counts its alerts from 1.
    let kind = event.event.trim_end_matches("_location").to_owned();
    match alert.text("number") {
        Some(number) => fields::set_number(event, &kind, Some(number)),
        None => fields::set_object(event, &kind, alert.text("id")),
    }
    fields::times(event, alert);
}

fn title_from_finding(event: &mut Event) {
    event.title = event.alert.as_ref().and_then(|alert| alert.what.clone());
}

/// `lodash < 4.17.21`
fn affected(package: Option<String>, range: Option<String>) -> Option<String> {
    let package = package?;
    Some(match range {
        Some(range) => format!("{package} {range}"),
        None => package,
    })
}

/// Why somebody closed it: GitHub's word for the reason and what the person wrote.
fn reason(alert: &Json, field: &str) -> Option<String> {
    let word = match field {
        "resolution" => alert.text(field),
        _ => alert.text(&format!("{field}_reason")),
    };
    let comment = alert.line(&format!("{field}_comment"));
    match (word.map(fields::words), comment) {
        (Some(word), Some(comment)) => Some(format!("{word}: {comment}")),
        (word, comment) => word.or(comment),
    }
}
