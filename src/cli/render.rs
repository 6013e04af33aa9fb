//! `hookbell render`

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use super::Failure;
use super::input::{ConfigFiles, Webhook, parse_kind};
use crate::bot::dingtalk;
use crate::checked::Checked;
use crate::core::compose::Composer;
use crate::core::event::Kind;
use crate::core::fold::Part;
use crate::core::people::People;
use crate::core::route::Plan;
use crate::core::source::Parsed;
use crate::core::template::{Language, Templates};

#[derive(Debug, Args)]
pub struct Render {
    /// Vendor that the payload is from: github, gitlab, jira, codeup or travis
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    source: Kind,
    /// Config file whose routes, people and templates are used; may be repeated, later files win
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Template to use instead of the one that would be found
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Language to use instead of that of the route or group
    #[arg(long, value_parser = parse_language)]
    language: Option<Language>,
    /// The JSON that would be posted, or a readable preview
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    #[command(flatten)]
    webhook: Webhook,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Text,
}

/// How a message to one group is made.
struct Setting {
    composer: Arc<Composer>,
    plan: Plan,
    group_language: Option<Language>,
    keywords: Vec<String>,
}

impl Render {
    pub fn run(self) -> Result<(), Failure> {
        let parsed = self.webhook.parse(self.source)?;
        let mut setting = if self.config.is_empty() {
            built_in(&parsed, self.template.is_some())?
        } else {
            let files = ConfigFiles {
                files: self.config.clone(),
            };
            self.configured(files.check()?, &parsed)?
        };
        if let Some(template) = self.template {
            setting.plan.template = Some(template);
        }
        if let Some(language) = self.language {
            setting.plan.language = Some(language);
        }
        let Setting {
            composer,
            plan,
            group_language,
            keywords,
        } = setting;
        let part = Part {
            parsed: &parsed,
            plan: &plan,
            received_at: Timestamp::now(),
            via: None,
        };
        let message = composer
            .compose(&part, group_language)
            .map_err(|error| Failure::problem(error, "mend the template at that place"))?;
        let body = dingtalk::body(&message, &Uuid::nil().to_string(), &keywords);
        match self.format {
            Format::Json => println!("{body}"),
            Format::Text => {
                let body = serde_json::from_str(&body).map_err(Failure::internal)?;
                println!("{}", dingtalk::as_text(&body));
            }
        }
        Ok(())
    }

    /// The first group that a route of the config leads to; without such a route, what a route for everything would
    /// post.
    fn configured(&self, checked: Checked, parsed: &Parsed) -> Result<Setting, Failure> {
        let Checked {
            config,
            routes,
            composer,
        } = checked;
        let source = config
            .sources
            .iter()
            .find(|source| source.kind == self.source);
        let name = source.map_or(self.source.name(), |source| source.name.as_str());
        let decision = routes.decide(name, &parsed.event, &parsed.payload);
        let Some(plan) = decision.plans.into_iter().next() else {
            let setting = built_in(parsed, self.template.is_some())?;
            eprintln!(
                "note: no route of this config wants it; this is what a route for everything would post"
            );
            return Ok(Setting {
                composer,
                ..setting
            });
        };
        let group = config.groups.iter().find(|group| group.name == plan.group);
        Ok(Setting {
            composer,
            group_language: group.and_then(|group| group.language),
            keywords: group
                .and_then(|group| group.bots.first())
                .map(|bot| bot.keywords.clone())
                .unwrap_or_default(),
            plan,
        })
    }
}

/// Without a config: the built-in templates, and silence about what is silent by default.
fn built_in(parsed: &Parsed, template_chosen: bool) -> Result<Setting, Failure> {
    if let Some(quiet) = &parsed.event.quiet
        && !template_chosen
    {
        return Err(Failure::Ignored(quiet.reason.clone()));
    }
    Ok(Setting {
        composer: Arc::new(Composer {
            templates: Templates::builtin(),
            people: People::default(),
            language: Language::En,
        }),
        plan: Plan::default(),
        group_language: None,
        keywords: Vec::new(),
    })
}

fn parse_language(text: &str) -> Result<Language, String> {
    Language::from_name(text).ok_or_else(|| "known languages are en and zh".to_owned())
}
