//! `hookbell send`

use std::path::PathBuf;

use clap::Args;

use super::input::ConfigFiles;
use super::{Failure, operate};
use crate::core::message::{Content, Mentions, Message};

#[derive(Debug, Args)]
pub struct Send {
    #[command(flatten)]
    config: ConfigFiles,
    /// Group to post to
    #[arg(long, value_name = "NAME")]
    group: String,
    #[command(flatten)]
    words: Words,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Words {
    /// Post this as plain text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Post this Markdown file; its first line becomes the title
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl Send {
    pub fn run(self) -> Result<(), Failure> {
        let checked = self.config.check()?;
        let message = self.words.message()?;
        let answers = operate(checked, async |operator| {
            operator.send(&self.group, &message).await
        })?;
        let mut refused = None;
        for answer in answers {
            if answer.posted {
                println!("Posted to {}.", self.group);
            } else {
                let what = match answer.code {
                    Some(code) => format!("DingTalk did not post it ({code})"),
                    None => "it was not posted".to_owned(),
                };
                refused = Some(Failure::problem(what, answer.sentence));
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

impl Words {
    fn message(&self) -> Result<Message, Failure> {
        if let Some(text) = &self.text {
            return Ok(Message::plain(text));
        }
        let path = self.markdown.clone().unwrap_or_default();
        let body = std::fs::read_to_string(&path).map_err(|error| {
            Failure::problem(
                format!("{}: {error}", path.display()),
                "name a Markdown file that can be read",
            )
        })?;
        let title = body.lines().find(|line| !line.trim().is_empty());
        Ok(Message {
            title: title
                .unwrap_or_default()
                .trim_start_matches(['#', ' '])
                .to_owned(),
            content: Content::Markdown { body },
            mentions: Mentions::default(),
        })
    }
}
