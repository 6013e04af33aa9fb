//! `[people.…]`: who somebody is at the vendors and in DingTalk.

use std::collections::BTreeMap;

use super::{Check, texts};
use crate::config::key;
use crate::config::raw::RawPerson;
use crate::config::settings::PersonSettings;

/// Words in `mention` that stand for whoever has this part in an event.
pub const ROLES: [&str; 6] = [
    "author",
    "actor",
    "assignees",
    "reviewers",
    "committers",
    "mentioned",
];

/// The word in `mention` that stands for the whole group.
pub const EVERYBODY: &str = "all";

pub fn people(raw: &BTreeMap<String, RawPerson>, check: &mut Check<'_>) -> Vec<PersonSettings> {
    let people: Vec<PersonSettings> = raw
        .iter()
        .map(|(name, raw)| person(name, raw, check))
        .collect();
    refuse_shared_identities(&people, check);
    people
}

fn person(name: &str, raw: &RawPerson, check: &mut Check<'_>) -> PersonSettings {
    let path = key::child("people", name);
    check.name(&path, name);
    if ROLES.contains(&name) || name == EVERYBODY {
        check.error(
            &path,
            format!("a person cannot be called `{name}`, which means something else in `mention`"),
            "use another name",
        );
    }
    let mobile_key = key::child(&path, "mobile");
    let user_id_key = key::child(&path, "user_id");
    let is_reported = check.is_pruned(&mobile_key) || check.is_pruned(&user_id_key);
    if raw.mobile.is_none() && raw.user_id.is_none() && !is_reported {
        check.error(
            &path,
            format!("`{path}` cannot be mentioned in DingTalk"),
            "set `mobile` or `user_id`",
        );
    }
    if raw
        .mobile
        .as_deref()
        .is_some_and(|mobile| !is_mobile(mobile))
    {
        check.error(
            &mobile_key,
            format!("`{mobile_key}` is not a mobile number"),
            "write digits only, or + country code - number: \"13800000000\", \"+852-12345678\"",
        );
    }
    if raw
        .user_id
        .as_deref()
        .is_some_and(|id| id.trim().is_empty())
    {
        let what = format!("`{user_id_key}` is empty");
        check.error(&user_id_key, what, "write the user id, or remove the key");
    }
    let identities = [
        ("github", &raw.github),
        ("gitlab", &raw.gitlab),
        ("jira", &raw.jira),
        ("codeup", &raw.codeup),
        ("travis", &raw.travis),
        ("email", &raw.email),
    ];
    PersonSettings {
        name: name.to_owned(),
        identities: identities
            .into_iter()
            .map(|(place, names)| (place.to_owned(), texts(names.as_ref())))
            .filter(|(_, names)| !names.is_empty())
            .collect(),
        mobile: raw.mobile.clone(),
        user_id: raw.user_id.clone(),
    }
}

/// Digits, or `+852-12345678` for numbers abroad.
fn is_mobile(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.strip_prefix('+') {
        Some(abroad) => abroad
            .split_once('-')
            .is_some_and(|(country, number)| is_number(country) && is_number(number)),
        None => is_number(text),
    }
}

/// Somebody who is two people would be mentioned as whoever comes first.
fn refuse_shared_identities(people: &[PersonSettings], check: &mut Check<'_>) {
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for person in people {
        for (place, names) in &person.identities {
            for name in names {
                let owner = owners.entry((place, name)).or_insert(&person.name);
                if *owner != person.name {
                    check.error(
                        &key::child(&key::child("people", &person.name), place),
                        format!(
                            "`{name}` at {place} is both `{owner}` and `{}`",
                            person.name
                        ),
                        "keep it at one of them",
                    );
                }
            }
        }
    }
}
