//! The configs in the guides: whoever copies them must not be told that they are wrong.

use super::Folder;

const README: &str = include_str!("../../../README.md");
const DELIVERY: &str = include_str!("../../../docs/delivery.md");

/// Groups that the guides name and do not set up.
const BACKEND: &str =
    "[groups.backend]\nwebhook = \"https://oapi.dingtalk.com/robot/send?access_token=x\"";

/// All TOML in a page, as one config.
fn config_in(page: &str) -> String {
    let blocks = page.split("```toml\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks.collect::<Vec<_>>().join("\n")
}

/// Something for each variable that a config names.
fn variables(config: &str) -> Vec<(&str, String)> {
    let names = config.split("env = \"").skip(1);
    let names = names.filter_map(|rest| rest.split('"').next());
    names
        .map(|name| match name.contains("WEBHOOK") {
            true => (
                name,
                format!("https://oapi.dingtalk.com/robot/send?access_token={name}"),
            ),
            false => (name, format!("SEC{name}")),
        })
        .collect()
}

#[test]
fn the_configs_in_the_guides_are_good() {
    let readme = format!("{}\n{BACKEND}", config_in(README));
    for config in [readme, config_in(DELIVERY)] {
        assert!(config.contains("[[routes]]"), "{config}");
        let variables = variables(&config);
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let problems = Folder::with(&[("a.toml", &config)]).problems(&variables);
        assert_eq!(problems, "", "{config}");
    }
}
