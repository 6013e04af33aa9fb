//! The pages that people read: those that are made from the code say what they should say now, and whoever copies a
//! config or a template from any of them is not told that it is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hookbell::bot::dingtalk::lint;
use hookbell::core::compose::Composer;
use hookbell::core::event::Kind;
use hookbell::core::lint::Said;
use hookbell::core::people::People;
use hookbell::core::source::{self, RawRequest};
use hookbell::core::template::{Language, TemplateFile, Templates};
use hookbell::{checked, config};
use tempfile::TempDir;

use crate::wording;

/// Fails when the page is not `expected`; with `HOOKBELL_UPDATE_DOCS` in the environment it is written instead.
pub fn assert_current(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    if std::env::var_os("HOOKBELL_UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let differing = page
        .lines()
        .zip(expected.lines())
        .find(|(is, should)| is != should);
    assert!(
        page == expected,
        "docs/{name} is not what the code says; HOOKBELL_UPDATE_DOCS=1 writes it anew. First: {differing:#?}"
    );
}

/// Pages in Markdown, with their path.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join("docs"), root.join("deploy")];
    let mut files = vec![root.join("README.md"), root.join("README.zh.md")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    let is_page = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "md");
    let pages = files.into_iter().filter(is_page);
    pages
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The blocks of a page that are in one of these languages, without their indent, each with its line.
fn blocks(page: &str, languages: &[&str]) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some((indent, language)) = line.split_once("```") else {
            continue;
        };
        let mut block = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim() == "```" {
                break;
            }
            block.push_str(line.strip_prefix(&" ".repeat(indent.len())).unwrap_or(line));
            block.push('\n');
        }
        if languages.contains(&language) {
            blocks.push((at + 1, block));
        }
    }
    blocks
}

/// Groups that a config names and does not set up.
fn other_groups(config: &str) -> String {
    let lists = config.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let key = key.trim_start_matches('#').trim();
        (key == "to" || key == "fallback").then_some(value)
    });
    let names: BTreeSet<&str> = lists
        .flat_map(|value| value.split('"').skip(1).step_by(2))
        .collect();
    let missing = names.into_iter().filter(|name| {
        !config.contains(&format!("[groups.{name}]"))
            && !config.contains(&format!("[groups.{name}."))
    });
    missing
        .map(|name| {
            let webhook = format!("https://oapi.dingtalk.com/robot/send?access_token={name}");
            format!("[groups.{name}]\nwebhook = \"{webhook}\"\n")
        })
        .collect()
}

/// Something for each variable that a config names.
fn variables(config: &str) -> Vec<(String, String)> {
    let names = config.split("env = \"").skip(1);
    let names = names.filter_map(|rest| rest.split('"').next());
    names
        .map(|name| {
            let value = match name {
                "DATABASE_URL" => "postgres://hookbell@db/hookbell".to_owned(),
                "GITLAB_SIGNING_SECRET" => {
                    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()
                }
                name if name.contains("WEBHOOK") && !name.ends_with("_SECRET") => {
                    format!("https://oapi.dingtalk.com/robot/send?access_token={name}")
                }
                name => format!("SEC{name}"),
            };
            (name.to_owned(), value)
        })
        .collect()
}

#[test]
fn the_configs_in_the_pages_are_good() {
    let mut checked_pages = 0;
    for (name, page) in pages() {
        // Its block is a list of words.
        if name == "docs/templates.md" {
            continue;
        }
        let blocks = blocks(&page, &["toml"]).into_iter();
        let config: String = blocks.map(|(_, block)| block).collect();
        if config.is_empty() {
            continue;
        }
        checked_pages += 1;
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("hookbell.toml");
        fs::write(&file, format!("{config}\n{}", other_groups(&config))).unwrap();
        let loaded = config::load(&[file], variables(&config).into_iter());
        if let Err(problems) = checked::check(loaded) {
            let told: Vec<String> = problems
                .iter()
                .map(|problem| problem.render(false))
                .collect();
            panic!("{name}:\n{}", told.join("\n"));
        }
    }
    assert!(checked_pages > 10, "{checked_pages}");
}

#[test]
fn the_templates_in_the_pages_make_messages_without_a_fault() {
    let request = RawRequest {
        headers: vec![("x-github-event".into(), "pull_request".into())],
        query: Vec::new(),
        body: include_str!("../../src/cli/demo/github.json").into(),
    };
    let parsed = source::of(Kind::Github).parse(&request).unwrap();
    let mut rendered = 0;
    for (name, page) in pages() {
        for (line, block) in blocks(&page, &["handlebars", "hbs"]) {
            let file = TemplateFile {
                path: "en/github/pull_request.hbs".into(),
                text: block,
            };
            let templates = Templates::new(vec![file]).unwrap_or_else(|errors| {
                panic!("{name}, line {line}: {errors:?}");
            });
            let composer = Composer {
                templates,
                people: People::default(),
                language: Language::En,
            };
            let (_, body) = wording::posted(&composer, &parsed, Language::En);
            let said = Said::by(parsed.payload.value(), &request.headers);
            let rules = lint::body(&body, Language::En, &said);
            assert_eq!(rules, [], "{name}, line {line}");
            rendered += 1;
        }
    }
    assert!(rendered > 3, "{rendered}");
}
