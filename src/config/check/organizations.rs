//! `[organizations.…]`, and which one each group belongs to.

use std::collections::BTreeMap;

use super::Check;
use crate::config::key;
use crate::config::raw::{RawGroup, RawOrganization};
use crate::config::settings::OrganizationSettings;
use crate::config::words::suggestion;
use crate::core::budget::{Allowance, WARN_AT};

pub fn organizations(
    raw: &BTreeMap<String, RawOrganization>,
    check: &mut Check<'_>,
) -> Vec<OrganizationSettings> {
    raw.iter()
        .filter_map(|(name, raw)| {
            let path = key::child("organizations", name);
            check.name(&path, name);
            let warn_at = warn_at(&path, raw.warn_at.as_deref(), check);
            let Some(monthly) = monthly(raw.monthly) else {
                if !check.is_pruned(&key::child(&path, "monthly")) {
                    check.error(
                        &path,
                        format!("`{path}` has no `monthly`"),
                        "set `monthly` to the messages that its edition has in a month; the free one has 3000",
                    );
                }
                return None;
            };
            Some(OrganizationSettings {
                name: name.clone(),
                allowance: Allowance { monthly, warn_at },
            })
        })
        .collect()
}

/// The schema has seen to it that the number is in range.
pub fn monthly(given: Option<i64>) -> Option<u32> {
    given.and_then(|posts| u32::try_from(posts).ok())
}

/// The organisation of the group `name`: the one that it names, or else the only one.
pub fn of_group(
    name: &str,
    group: &RawGroup,
    organizations: &BTreeMap<String, RawOrganization>,
    check: &mut Check<'_>,
) -> Option<String> {
    let path = key::child("groups", name);
    let key = key::child(&path, "organization");
    let known = || organizations.keys().map(String::as_str);
    if let Some(given) = &group.organization {
        if organizations.contains_key(given) {
            return Some(given.clone());
        }
        if !check.is_pruned(&key::child("organizations", given)) {
            let what = format!("there is no organization `{given}`");
            let remedy = match organizations.is_empty() {
                true => {
                    format!("add [organizations.{given}] with `monthly`, or remove `organization`")
                }
                false => suggestion(given, known()),
            };
            check.error(&key, what, remedy);
        }
        return None;
    }
    if organizations.len() > 1 && !check.is_pruned(&key) {
        check.warn(
            &path,
            format!(
                "`{path}` belongs to no organization, so its messages count in no month's limit"
            ),
            format!("set `organization`; {}", suggestion("", known())),
        );
    }
    let mut names = known();
    match (names.next(), names.next()) {
        (Some(only), None) => Some(only.to_owned()),
        _ => None,
    }
}

fn warn_at(path: &str, given: Option<&[i64]>, check: &mut Check<'_>) -> Vec<u8> {
    let Some(given) = given else {
        return WARN_AT.to_vec();
    };
    let percent = |number: &i64| u8::try_from(*number).ok().filter(|n| (1..=99).contains(n));
    let read: Option<Vec<u8>> = given.iter().map(percent).collect();
    match read {
        Some(read) if read.is_sorted_by(|a, b| a < b) => read,
        _ => {
            let key = key::child(path, "warn_at");
            check.error(
                &key,
                format!("`{key}` is not a list of ascending percentages"),
                "write whole numbers from 1 to 99, the smallest first, such as [70, 90]",
            );
            WARN_AT.to_vec()
        }
    }
}
