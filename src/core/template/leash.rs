//! Templates that somebody is only trying: whoever renders them can stop it, and they cannot grow without end.
//!
//! Loops within loops over a large payload may take years. So each block and each partial begins with a look at the
//! [`Leash`], what is printed has a limit, and so has what the parser must recurse into. Templates of the config are not
//! tied: they are the operator's own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use handlebars::template::TemplateElement;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
    Template,
};

/// Fifty times what DingTalk takes.
pub const MOST_BYTES: usize = 1 << 20;

/// Blocks within blocks. Each is a few calls of the parser deep.
const MOST_BLOCKS: usize = 30;
/// Calls within calls: `(a (b (c)))`.
const MOST_CALLS: usize = 8;

/// A helper that no template can name, because it is not among those that are known.
const KNOT: &str = "leash";

/// Stops a rendering.
#[derive(Debug, Default)]
pub struct Leash(AtomicBool);

impl Leash {
    /// Rendering fails at the next block from now on.
    pub fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Knot(Arc<Leash>);

impl HelperDef for Knot {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        match self.0.0.load(Ordering::Relaxed) {
            true => Err(RenderErrorReason::Other("it takes too long".into()).into()),
            false => Ok(()),
        }
    }
}

pub fn register(registry: &mut Handlebars<'static>, leash: &Arc<Leash>) {
    registry.register_helper(KNOT, Box::new(Knot(Arc::clone(leash))));
}

/// Has a template, and every block in it, begin with a look at the leash.
pub fn tie(template: &mut Template) {
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(call) => {
                let inner = call.template.iter_mut().chain(&mut call.inverse);
                inner.for_each(tie);
            }
            TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                call.template.iter_mut().for_each(tie);
            }
            _ => {}
        }
    }
    let knot = Template::compile(&format!("{{{{{KNOT}}}}}"));
    let knot = knot.expect("a name in braces is a template");
    // Errors in it are told with the line of what it stands before.
    let place = template.mapping.first().cloned();
    template.elements.splice(0..0, knot.elements);
    template
        .mapping
        .splice(0..0, place.or_else(|| knot.mapping.first().cloned()));
}

/// The line where blocks or calls are too deep within each other for a parser that recurses.
pub fn too_deep(text: &str) -> Option<usize> {
    let (mut blocks, mut calls) = (0_usize, 0_usize);
    for (line, text) in text.lines().enumerate() {
        for (at, c) in text.char_indices() {
            let rest = &text[at..];
            match c {
                '{' if is_tag(rest, '#') || is_tag(rest, '^') => blocks += 1,
                '{' if is_tag(rest, '/') => blocks = blocks.saturating_sub(1),
                '(' => calls += 1,
                ')' => calls = calls.saturating_sub(1),
                _ => {}
            }
            if blocks > MOST_BLOCKS || calls > MOST_CALLS {
                return Some(line + 1);
            }
        }
    }
    None
}

/// `{{#`, `{{~#`, `{{ #`
fn is_tag(rest: &str, sign: char) -> bool {
    rest.strip_prefix("{{").is_some_and(|inside| {
        inside
            .trim_start_matches(['~', ' ', '\t'])
            .starts_with(sign)
    })
}

/// What is printed, up to a limit.
#[derive(Default)]
pub struct Bounded(Vec<u8>);

impl Bounded {
    pub fn into_text(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_BYTES {
            return Err(io::Error::other("it prints more than a message can hold"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Bounded {
    fn write(&mut self, text: &str) -> io::Result<()> {
        io::Write::write_all(self, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::core::event::{Event, Kind};
    use crate::core::message::Mentions;
    use crate::core::template::{Language, Rendering, TemplateFile, Templates};

    const HEAD: &str = "---\ntype: markdown\ntitle: x\n---\n";

    /// What becomes of a template on a leash that was pulled or not.
    fn tried(body: &str, payload: &Value, is_pulled: bool) -> Result<(), String> {
        let leash = Arc::new(Leash::default());
        let file = TemplateFile {
            path: "en/github/push.hbs".into(),
            text: format!("{HEAD}{body}"),
        };
        let templates = Templates::on_trial(vec![file], &leash).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            errors.join("\n")
        })?;
        if is_pulled {
            leash.pull();
        }
        let rendered = templates.render(&Rendering {
            event: &Event::new(Kind::Github, "push", ""),
            payload,
            language: Language::En,
            template: None,
            mentions: Mentions::default(),
            now: Timestamp::UNIX_EPOCH,
        });
        rendered.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rendering_ends_at_the_next_block_when_the_leash_is_pulled() {
        let payload = json!({"list": [1, 2]});
        let body = "{{#each payload.list}}\n{{#each ../payload.list}}{{this}}{{/each}}\n{{/each}}";
        assert_eq!(tried(body, &payload, false), Ok(()));
        let error = tried(body, &payload, true).unwrap_err();
        assert!(error.contains("takes too long"), "{error}");
    }

    #[test]
    fn what_is_printed_has_a_limit_and_errors_keep_their_lines() {
        let list: Vec<String> = vec!["x".repeat(1000); 2000];
        let payload = json!({ "list": list });
        for body in [
            "{{#each payload.list}}{{this}}{{/each}}",
            "{{#dots}}{{#each payload.list}}{{this}}{{/each}}{{/dots}}",
        ] {
            let error = tried(body, &payload, false).unwrap_err();
            assert!(error.contains("more than a message"), "{error}");
        }
        let error = tried("one\n{{#if true}}\n{{titel}}\n{{/if}}", &json!({}), false).unwrap_err();
        assert!(error.contains("push.hbs, line 7"), "{error}");
    }

    #[test]
    fn what_would_overflow_the_parser_is_refused() {
        let deep = [
            "{{#if a}}".repeat(5000) + &"{{/if}}".repeat(5000),
            format!(
                "{{{{concat {}\"a\"{}}}}}",
                "(concat ".repeat(500),
                ")".repeat(500)
            ),
        ];
        for body in deep {
            let error = tried(&body, &json!({}), false).unwrap_err();
            assert!(error.contains("too deep"), "{error}");
        }
        let calls = format!(
            "{{{{concat {}\"a\"{}}}}}",
            "(concat ".repeat(7),
            ")".repeat(7)
        );
        assert_eq!(tried(&calls, &json!({}), false), Ok(()));
    }
}
