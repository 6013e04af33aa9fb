//! Who may do what, and who pays for what: members, teams, organizations, Apps, tokens, sponsors.

use super::fields::{self, fact};
use crate::core::event::{Event, Mark};
use crate::core::json::{Json, Lookup};

/// `member` (collaborators of a repository) and `membership` (members of a team).
pub fn member(event: &mut Event, payload: &Json) {
    concerns(event, payload.text("member.login"));
    event.url = match event.event.as_str() {
        "membership" => payload.link("team.html_url"),
        _ => fields::page(event, &["settings", "access"]),
    }
    .or_else(|| payload.link("member.html_url"));
    fact(event, "member", event.title.clone());
    fact(event, "team", payload.text("team.name"));
    permission(event, payload);
}

pub fn organization(event: &mut Event, payload: &Json) {
    // A person may be invited by mail address, which is not ours to print.
    let who = payload
        .text("membership.user.login")
        .or_else(|| payload.text("user.login"))
        .or_else(|| payload.text("invitation.login"));
    fact(event, "member", who.clone());
    fact(
        event,
        "role",
        payload
            .text("membership.role")
            .or_else(|| payload.text("invitation.role"))
            .map(fields::words),
    );
    let name = payload.text("organization.login");
    concerns(event, who.or_else(|| name.clone()));
    if event.action == "deleted" {
        event.mark = Mark::Attention;
    }
    event.url = payload
        .link("membership.user.html_url")
        .or_else(|| payload.link("user.html_url"))
        .or_else(|| payload.link("organization.html_url"));
    if let Some(from) = payload.text("changes.login.from") {
        event.changes.push(fields::change("name", Some(from), name));
    }
}

pub fn blocked(event: &mut Event, payload: &Json) {
    concerns(event, payload.text("blocked_user.login"));
    event.url = payload.link("blocked_user.html_url");
    fact(event, "member", event.title.clone());
}

/// `team`, and `team_add`, the older event for a team that gets a repository.
pub fn team(event: &mut Event, payload: &Json) {
    let team = payload.at("team");
    concerns(event, team.text("name"));
    event.url = team.link("html_url");
    event.text = team
        .text("description")
        .filter(|_| event.action == "created");
    fact(event, "team", event.title.clone());
    fact(event, "permission", team.text("permission"));
    event.changes = fields::changes(payload, team);
    if event.action == "edited" && event.changes.is_empty() {
        permission(event, payload);
    }
    if event.event == "team_add" {
        event.hush_event("the team's own event tells it");
    }
}

/// A GitHub App, ours or another, got access to an account or lost it.
pub fn installation(event: &mut Event, payload: &Json) {
    let installation = payload.at("installation");
    concerns(
        event,
        installation
            .text("app_slug")
            .or_else(|| installation.text("account.login")),
    );
    event.url = installation.link("html_url");
    fields::times(event, installation);
    fact(event, "app", installation.text("app_slug"));
    let listed = |path| {
        let names = payload.texts(path, "full_name");
        let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        match names.len() {
            0 => None,
            1..=5 => Some(shown),
            _ => Some(format!("{shown}, …")),
        }
    };
    fact(event, "repositories", listed("repositories"));
    fact(event, "added", listed("repositories_added"));
    fact(event, "removed", listed("repositories_removed"));
}

pub fn app_authorization(event: &mut Event, payload: &Json) {
    concerns(event, payload.text("sender.login"));
    event.url = payload.link("sender.html_url");
}

/// Somebody asks for a fine-grained token. Its name is printed, it was never sent.
pub fn token_request(event: &mut Event, payload: &Json) {
    let request = payload.at("personal_access_token_request");
    concerns(event, request.text("owner.login"));
    event.mark = Mark::Security;
    event.url = request.link("owner.html_url");
    fields::times(event, request);
    fact(event, "token", request.line("token_name"));
    fact(
        event,
        "repositories",
        request
            .text("repository_selection")
            .filter(|word| word != "none"),
    );
}

pub fn sponsorship(event: &mut Event, payload: &Json) {
    let sponsorship = payload.at("sponsorship");
    concerns(event, sponsorship.text("sponsor.login"));
    event.url = sponsorship.link("sponsor.html_url");
    event.created_at = sponsorship.time("created_at");
    let tier = sponsorship.line("tier.name");
    if let Some(from) = payload.line("changes.tier.from.name") {
        event
            .changes
            .push(fields::change("tier", Some(from), tier.clone()));
    }
    fact(event, "tier", tier);
}

pub fn purchase(event: &mut Event, payload: &Json) {
    let purchase = payload.at("marketplace_purchase");
    concerns(event, purchase.text("account.login"));
    event.at = payload.time("effective_date");
    let plan = purchase.line("plan.name");
    if let Some(from) = payload.line("previous_marketplace_purchase.plan.name") {
        event
            .changes
            .push(fields::change("plan", Some(from), plan.clone()));
    }
    fact(event, "plan", plan);
}

fn concerns(event: &mut Event, name: Option<String>) {
    event.mark = Mark::People;
    event.title = name;
}

/// What somebody may do now and could before. The event names it in different places by its age and kind.
fn permission(event: &mut Event, payload: &Json) {
    let changes = payload.at("changes");
    let from = ["permission.from", "old_permission.from", "role_name.from"]
        .into_iter()
        .find_map(|path| changes.text(path));
    let to = ["permission.to", "role_name.to"]
        .into_iter()
        .find_map(|path| changes.text(path));
    if from.is_some() || to.is_some() {
        event.changes.push(fields::change("permission", from, to));
    }
}
