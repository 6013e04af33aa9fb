//! The config that `hookbell init` writes.

use super::Folder;
use crate::config::{STARTER, schema};

/// The variables that the starter names.
fn starter_variables() -> Vec<(String, String)> {
    let names = STARTER.split("env = \"").skip(1);
    let names = names.filter_map(|rest| rest.split('"').next());
    names
        .map(|name| {
            let value = match name {
                name if name.contains("WEBHOOK_SECRET") => "hunter2".to_owned(),
                name if name.contains("WEBHOOK") => {
                    format!("https://oapi.dingtalk.com/robot/send?access_token={name}")
                }
                "GITLAB_SIGNING_SECRET" => {
                    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()
                }
                "TRAVIS_PUBLIC_KEY" => {
                    "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----".to_owned()
                }
                _ => "SEC0123".to_owned(),
            };
            (name.to_owned(), value)
        })
        .collect()
}

fn starter_problems(text: &str) -> String {
    let folder = Folder::with(&[("hookbell.toml", text)]);
    let templates = folder.dir.path().display().to_string();
    let mut variables = starter_variables();
    variables.push(("HOOKBELL__TEMPLATES__DIR".to_owned(), templates));
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    folder.problems(&variables)
}

#[test]
fn the_starter_is_good_as_it_is_and_with_every_option_in_use() {
    assert_eq!(starter_problems(STARTER), "");
    let lines = STARTER.lines().map(|line| match line.strip_prefix('#') {
        Some(option) if option.starts_with(|c: char| !c.is_whitespace()) => option,
        _ => line,
    });
    let everything = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(starter_problems(&everything), "");
}

#[test]
fn the_starter_shows_every_setting() {
    fn visit(node: &serde_json::Value, missing: &mut Vec<String>) {
        let properties = node["properties"].as_object().into_iter().flatten();
        for (name, node) in properties {
            let is_written = STARTER.lines().any(|line| {
                let line = line.trim_start_matches('#');
                let key = line.split(['=', '#']).next().unwrap_or_default().trim();
                key == name
                    || line
                        .trim_matches(['[', ']'])
                        .split('.')
                        .any(|part| part == name)
            });
            if !is_written {
                missing.push(name.clone());
            }
            visit(node, missing);
            visit(&node["additionalProperties"], missing);
            visit(&node["items"], missing);
        }
    }
    let mut missing = Vec::new();
    visit(&schema(), &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}
