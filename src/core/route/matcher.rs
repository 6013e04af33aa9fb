//! One condition of a route: a list of patterns, each with `*` and `**`, a leading `!` for exclusion.

use std::fmt;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// What kind of text the patterns are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A single word or name, in any case: events, actions, logins, labels. `*` stands for anything.
    Word,
    /// A path, in any case: repositories. `*` ends at a slash, `**` does not.
    Path,
    /// Like a path, but upper and lower case differ: branches and tags.
    Reference,
}

/// Matches when one of the values fits a pattern and none fits a pattern with `!`. Where all patterns are exclusions,
/// everything else matches, also no value at all.
#[derive(Debug)]
pub struct Matcher {
    texts: Vec<String>,
    wanted: GlobSet,
    excluded: GlobSet,
    only_excludes: bool,
}

impl Matcher {
    pub fn new(patterns: &[String], style: Style) -> Result<Matcher, globset::Error> {
        let mut wanted = GlobSetBuilder::new();
        let mut excluded = GlobSetBuilder::new();
        let mut only_excludes = true;
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(pattern) => {
                    excluded.add(glob(pattern, style)?);
                }
                None => {
                    only_excludes = false;
                    wanted.add(glob(pattern, style)?);
                }
            }
        }
        Ok(Matcher {
            texts: patterns.to_vec(),
            wanted: wanted.build()?,
            excluded: excluded.build()?,
            only_excludes,
        })
    }

    pub fn matches(&self, values: &[&str]) -> bool {
        let excluded = values.iter().any(|value| self.excluded.is_match(value));
        let wanted = self.only_excludes || values.iter().any(|value| self.wanted.is_match(value));
        wanted && !excluded
    }

    /// Whether a pattern without any wildcard is one of the values: the route asks for exactly this.
    pub fn names(&self, values: &[&str]) -> bool {
        self.texts
            .iter()
            .any(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts.join(", "))
    }
}

/// Brackets stand for themselves: bots are called `dependabot[bot]`, and nobody means a character class by that.
fn glob(pattern: &str, style: Style) -> Result<Glob, globset::Error> {
    let pattern = match pattern {
        "*" => "**".to_owned(),
        other => other
            .chars()
            .map(|c| match c {
                '[' => "[[]".to_owned(),
                ']' => "[]]".to_owned(),
                c => c.to_string(),
            })
            .collect(),
    };
    GlobBuilder::new(&pattern)
        .literal_separator(style != Style::Word)
        .case_insensitive(style != Style::Reference)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(patterns: &[&str], style: Style, values: &[&str]) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|text| text.to_string()).collect();
        Matcher::new(&patterns, style).unwrap().matches(values)
    }

    #[test]
    fn patterns_match_as_the_table_says() {
        use Style::*;
        let table: [(&[&str], Style, &[&str], bool); 16] = [
            (&["push"], Word, &["push"], true),
            (&["push"], Word, &["pushed"], false),
            (&["Push"], Word, &["push"], true),
            (&["*"], Word, &["area/ui"], true),
            (&["*"], Word, &[], false),
            (&["area/*"], Word, &["docs", "area/ui/menu"], true),
            (&["!*[bot]"], Word, &["dependabot[bot]"], false),
            (&["!*[bot]"], Word, &["bob"], true),
            (&["!*[bot]"], Word, &[], true),
            (&["acme/*"], Path, &["acme/shop"], true),
            (&["acme/*"], Path, &["acme/web/shop"], false),
            (&["acme/**"], Path, &["Acme/web/shop"], true),
            (&["main", "release/*"], Reference, &["release/2.4"], true),
            (&["main"], Reference, &["Main"], false),
            (&["*"], Reference, &["feature/x"], true),
            (
                &["release/*", "!release/old"],
                Reference,
                &["release/old"],
                false,
            ),
        ];
        for (patterns, style, values, expected) in table {
            assert_eq!(
                matches(patterns, style, values),
                expected,
                "{patterns:?} on {values:?}"
            );
        }
    }

    #[test]
    fn only_a_pattern_without_wildcards_names_a_value() {
        let matcher = Matcher::new(&["pull_*".into(), "ping".into()], Style::Word).unwrap();
        assert!(matcher.names(&["ping"]));
        assert!(!matcher.names(&["pull_request"]));
    }
}
