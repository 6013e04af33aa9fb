//! `[people.…]`: who somebody is at the vendors and in DingTalk.

use std::collections::BTreeMap;

use super::{Check, texts};
use crate::config::key;
use crate::config::raw::RawPerson;
use crate::core::event::Kind;
use crate::core::people::{EVERYBODY, Member, ROLES};

pub fn people(raw: &BTreeMap<String, RawPerson>, check: &mut Check<'_>) -> Vec<Member> {
    let people: Vec<Member> = raw
        .iter()
        .map(|(name, raw)| person(name, raw, check))
        .collect();
    refuse_shared_identities(&people, check);
    people
}

fn person(name: &str, raw: &RawPerson, check: &mut Check<'_>) -> Member {
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
    let at = |kind, names: &Option<_>| {
        let names = texts(names.as_ref()).into_iter();
        names.map(move |name| (kind, name)).collect::<Vec<_>>()
    };
    Member {
        name: name.to_owned(),
        identities: [
            at(Kind::Github, &raw.github),
            at(Kind::Gitlab, &raw.gitlab),
            at(Kind::Jira, &raw.jira),
            at(Kind::Codeup, &raw.codeup),
            at(Kind::Travis, &raw.travis),
        ]
        .concat(),
        emails: texts(raw.email.as_ref()),
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
fn refuse_shared_identities(people: &[Member], check: &mut Check<'_>) {
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for person in people {
        let identities = person.identities.iter();
        let identities = identities.map(|(kind, name)| (kind.name(), name));
        let emails = person.emails.iter().map(|email| ("email", email));
        for (place, name) in identities.chain(emails) {
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
