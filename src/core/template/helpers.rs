//! The helpers that templates may call, beside Handlebars' own (`if`, `unless`, `each`, `with`, `lookup`, `eq`, `ne`,
//! `gt`, `gte`, `lt`, `lte`, `and`, `or`, `not`, `len`).
//!
//! [`HELPERS`] is the list of them, each with an example and what that prints; the tests render every one. Most
//! make a value, which is escaped when it is printed and can be handed to another helper: `{{bold (cut title 60)}}`.
//! Those of [`Run::Markdown`] escape what they are given and print Markdown (plain text in titles and buttons).
//! A value that is missing is an empty text, never an error.

use std::sync::Arc;

use handlebars::{
    BlockContext, Context, Handlebars, Helper as HelperCall, HelperDef, HelperResult, JsonRender,
    Output, RenderContext, RenderError, RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::{Value, json};

use super::leash::Bounded;
use super::markdown;
use super::values;
use super::words::Words;

/// Where values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Markdown,
    /// Titles, buttons, addresses and the bodies of `text` and `link`.
    Plain,
}

impl Style {
    pub fn escape(self, text: &str) -> String {
        match self {
            Style::Markdown => markdown::escape(text),
            Style::Plain => markdown::one_line(text),
        }
    }
}

/// A helper and its documentation.
pub struct Helper {
    pub name: &'static str,
    /// The smallest and the largest number of values it takes.
    values: (usize, usize),
    pub about: &'static str,
    /// How to write it, for the event of the tests.
    pub example: &'static str,
    /// What the example prints in English.
    pub prints: &'static str,
    run: Run,
}

/// What went wrong in a helper, without the helper's name.
pub type Problem = String;

#[derive(Clone, Copy)]
enum Run {
    /// Makes a value.
    Value(fn(&Call<'_>) -> Result<Value, Problem>),
    /// Prints Markdown, or plain text.
    Markdown(fn(&Call<'_>) -> Result<String, Problem>),
    /// Repeats a block for the first items of a list.
    Take,
    /// Joins the lines of a block.
    Dots,
}

impl Helper {
    pub fn takes(&self, count: usize) -> bool {
        (self.values.0..=self.values.1).contains(&count)
    }
}

#[rustfmt::skip] // A table.
pub const HELPERS: &[Helper] = &[
    Helper { name: "bold", values: (1, 1), run: Run::Markdown(values::bold), about: "A value in bold; nothing when it is empty.", example: "{{bold actor.name}}", prints: "**mona**" },
    Helper { name: "link", values: (2, 2), run: Run::Markdown(values::link), about: "A text and its address; the text alone when there is no address.", example: "{{link repo.name repo.url}}", prints: "[acme/shop](https://example.com/acme/shop)" },
    Helper { name: "quote", values: (1, 3), run: Run::Markdown(values::quote), about: "The first lines of a text that somebody wrote in Markdown, as a quote; how many lines (3) and characters (200) may follow.", example: "{{quote text 1}}", prints: "> Sessions must survive. …" },
    Helper { name: "mentions", values: (0, 0), run: Run::Markdown(values::mentions), about: "The people whom the route calls by name. Without it they are added at the end.", example: "{{mentions}}", prints: "@13800000000" },
    Helper { name: "mark", values: (0, 1), run: Run::Value(values::mark), about: "The sign of the event, or of a mark or state.", example: "{{mark}} {{mark \"failed\"}}", prints: "⬆️ ❌" },
    Helper { name: "word", values: (1, 2), run: Run::Value(values::word), about: "What a vendor's word is called in the message's language (`words.toml`), perhaps in a sense that has words of its own.", example: "{{word \"some_thing\"}}, {{word \"still_failing\" \"state\"}}", prints: "some thing, still failing" },
    Helper { name: "sentence", values: (1, 1), run: Run::Value(values::sentence), about: "A text with a capital letter in front.", example: "{{sentence (word \"some_thing\")}}", prints: "Some thing" },
    Helper { name: "plural", values: (2, 3), run: Run::Value(values::plural), about: "A number with the word for one or for many.", example: "{{plural 1 \"commit\" \"commits\"}}, {{plural commit_count \"commit\" \"commits\"}}", prints: "1 commit, 7 commits" },
    Helper { name: "ordinal", values: (1, 1), run: Run::Value(values::ordinal), about: "A number as English counts.", example: "{{ordinal 1}}, {{ordinal commit_count}}", prints: "1st, 7th" },
    Helper { name: "cut", values: (2, 2), run: Run::Value(values::cut_text), about: "At most so many characters of a text, cut behind a word.", example: "{{cut title 12}}", prints: "Keep the…" },
    Helper { name: "first_line", values: (1, 1), run: Run::Value(values::first_line), about: "The first line of a text.", example: "{{first_line text}}", prints: "Sessions \\*\\*must\\*\\* survive." },
    Helper { name: "short_sha", values: (1, 1), run: Run::Value(values::short_sha), about: "The first seven characters of a hash.", example: "{{short_sha push.after}}", prints: "a1b2c3d" },
    Helper { name: "concat", values: (1, 9), run: Run::Value(values::concat), about: "Several values as one text.", example: "{{link (concat \"#\" number) url}}", prints: "[#42](https://example.com/acme/shop/42)" },
    Helper { name: "phrase", values: (1, 9), run: Run::Value(values::phrase), about: "Several values as words of one sentence: with blanks, except between two Chinese characters. Empty ones are left out.", example: "{{phrase branch milestone \"failed\"}}, {{phrase \"main\" \"流水线\" \"失败\"}}", prints: "main failed, main 流水线失败" },
    Helper { name: "default", values: (2, 2), run: Run::Value(values::default), about: "The first value, or the second where the first is missing or empty.", example: "{{default milestone \"no milestone\"}}", prints: "no milestone" },
    Helper { name: "join", values: (1, 2), run: Run::Value(values::join), about: "A list as one text, with the language's comma or another separator.", example: "{{join labels}}; {{join labels \" · \"}}", prints: "bug, auth; bug · auth" },
    Helper { name: "people", values: (1, 2), run: Run::Value(values::people), about: "The names of people; after so many (3) only their number.", example: "{{people reviewers}}; {{people reviewers 1}}", prints: "alice and bob; alice and 1 more" },
    Helper { name: "take", values: (2, 2), run: Run::Take, about: "Repeats its block for the first items of a list.", example: "{{#take labels 1}}{{this}}{{/take}}", prints: "bug" },
    Helper { name: "where", values: (3, 20), run: Run::Value(values::only_where), about: "The items of a list whose field has one of the values.", example: "{{len (where reviewers \"name\" \"bob\" \"carol\")}}", prints: "1" },
    Helper { name: "one_of", values: (2, 20), run: Run::Value(values::one_of), about: "Whether the first value is one of the others.", example: "{{#if (one_of branch \"main\" \"master\")}}yes{{/if}}", prints: "yes" },
    Helper { name: "dots", values: (0, 0), run: Run::Dots, about: "Joins the lines of its block by dots and leaves out those that are empty: one fact a line.", example: "{{#dots}}\n{{plural commit_count \"commit\" \"commits\"}}\n{{milestone}}\n{{join labels}}\n{{/dots}}", prints: "7 commits · bug, auth" },
    Helper { name: "more", values: (2, 3), run: Run::Value(values::more), about: "Behind `take`: a list, how many of it were taken, and how many there really are. Prints what is left, or nothing.", example: "{{more commits 5 commit_count}}", prints: "and 6 more" },
    Helper { name: "duration", values: (1, 1), run: Run::Value(values::duration), about: "Seconds in the two largest units.", example: "{{duration 190}}", prints: "3 min 10 s" },
    Helper { name: "time_ago", values: (1, 1), run: Run::Value(values::time_ago), about: "How long ago a point in time was.", example: "{{time_ago created_at}}", prints: "2 h ago" },
    Helper { name: "between", values: (2, 2), run: Run::Value(values::between), about: "How long it was from one point in time to another.", example: "{{between created_at at}}", prints: "1 h 50 min" },
    Helper { name: "date", values: (1, 2), run: Run::Value(values::date), about: "A point in time, in a style of strftime, as clocks show it at the language's `utc_offset` (`words.toml`).", example: "{{date at}}; {{date at \"%H:%M\"}}", prints: "2026-03-04 11:50 UTC; 11:50" },
    Helper { name: "bytes", values: (1, 1), run: Run::Value(values::bytes), about: "A size in bytes for people.", example: "{{bytes 1572864}}", prints: "1.5 MiB" },
    Helper { name: "encode", values: (1, 1), run: Run::Value(values::encode), about: "A value for the query of an address.", example: "{{{encode repo.name}}}", prints: "acme%2Fshop" },
];

/// Handlebars' own helpers.
const OWN: [&str; 16] = [
    "if", "unless", "each", "with", "lookup", "raw", "eq", "ne", "gt", "gte", "lt", "lte", "and",
    "or", "not", "len",
];

pub fn find(name: &str) -> Option<&'static Helper> {
    HELPERS.iter().find(|helper| helper.name == name)
}

pub fn exists(name: &str) -> bool {
    names().any(|known| known == name)
}

pub fn names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|helper| helper.name).chain(OWN)
}

/// Makes all helpers known to `registry`.
pub fn register(registry: &mut Handlebars<'static>, style: Style, words: &Arc<Words>) {
    for helper in HELPERS {
        let registered = Registered {
            name: helper.name,
            run: helper.run,
            style,
            words: Arc::clone(words),
        };
        registry.register_helper(helper.name, Box::new(registered));
    }
}

/// One use of a helper in a template that is being rendered.
pub struct Call<'a> {
    given: &'a HelperCall<'a>,
    /// The data of the whole rendering.
    pub root: &'a Value,
    pub style: Style,
    pub words: &'a Words,
}

impl Call<'_> {
    /// The value at `index`, from 0; `Null` where there is none.
    pub fn value(&self, index: usize) -> &Value {
        self.given
            .param(index)
            .map_or(&Value::Null, |param| param.value())
    }

    /// The values from `index` on.
    pub fn values_from(&self, index: usize) -> impl Iterator<Item = &Value> {
        let params = self.given.params().iter().skip(index);
        params.map(|param| param.value())
    }

    pub fn text(&self, index: usize) -> String {
        self.value(index).render()
    }

    pub fn list(&self, index: usize) -> &[Value] {
        self.value(index).as_array().map_or(&[], Vec::as_slice)
    }

    /// A number, also one that is a text; `None` when the value is missing.
    pub fn number(&self, index: usize) -> Result<Option<u64>, Problem> {
        let value = self.value(index);
        let number = match value {
            Value::Null => return Ok(None),
            Value::Number(number) => number
                .as_u64()
                .or_else(|| number.as_f64().map(|number| number.max(0.0) as u64)),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{} is not a number", self.describe(index))),
        }
    }

    /// A value as the author wrote it, for messages.
    pub fn describe(&self, index: usize) -> String {
        let path = self
            .given
            .param(index)
            .and_then(|param| param.relative_path());
        match path {
            Some(path) => format!("`{path}`"),
            None => format!("\"{}\"", values::cut(&self.text(index), 40)),
        }
    }
}

struct Registered {
    name: &'static str,
    run: Run,
    style: Style,
    words: Arc<Words>,
}

impl Registered {
    fn run<T>(
        &self,
        given: &HelperCall<'_>,
        context: &Context,
        run: fn(&Call<'_>) -> Result<T, Problem>,
    ) -> Result<T, RenderError> {
        let call = Call {
            given,
            root: context.data(),
            style: self.style,
            words: &self.words,
        };
        run(&call).map_err(|problem| {
            RenderErrorReason::Other(format!("helper `{}`: {problem}", self.name)).into()
        })
    }
}

impl HelperDef for Registered {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        given: &HelperCall<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        match self.run {
            Run::Value(run) => Ok(ScopedJson::Derived(self.run(given, context, run)?)),
            Run::Markdown(_) | Run::Take | Run::Dots => {
                Err(RenderErrorReason::Unimplemented.into())
            }
        }
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        given: &HelperCall<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        match self.run {
            Run::Value(run) => {
                let text = self.run(given, context, run)?.render();
                let text = match render.is_disable_escape() {
                    true => text,
                    false => self.style.escape(&text),
                };
                Ok(out.write(&text)?)
            }
            Run::Markdown(run) => Ok(out.write(&self.run(given, context, run)?)?),
            Run::Take => take(given, registry, context, render, out),
            Run::Dots => dots(given, registry, context, render, out),
        }
    }
}

/// `{{#take list 5}}…{{else}}…{{/take}}`: like `each`, for the first items.
fn take<'reg: 'rc, 'rc>(
    given: &HelperCall<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    render: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let list = given.param(0).and_then(|param| param.value().as_array());
    let limit = given.param(1).and_then(|param| param.value().as_u64());
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let items = list.map_or(&[][..], Vec::as_slice);
    let items = &items[..limit.unwrap_or(items.len()).min(items.len())];
    if items.is_empty() {
        return match given.inverse() {
            Some(otherwise) => otherwise.render(registry, context, render, out),
            None => Ok(()),
        };
    }
    let Some(template) = given.template() else {
        return Ok(());
    };
    render.push_block(BlockContext::new());
    for (index, item) in items.iter().enumerate() {
        if let Some(block) = render.block_mut() {
            block.set_base_value(item.clone());
            block.set_local_var("index", json!(index));
            block.set_local_var("first", json!(index == 0));
            block.set_local_var("last", json!(index + 1 == items.len()));
        }
        template.render(registry, context, render, out)?;
    }
    render.pop_block();
    Ok(())
}

/// `{{#dots}}…{{/dots}}` around one fact a line: those that are not empty, joined by ` · `. It is a block so that a
/// fact may be Markdown, words and values together, or depend on something; values in it are escaped as anywhere.
fn dots<'reg: 'rc, 'rc>(
    given: &HelperCall<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    render: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let Some(template) = given.template() else {
        return Ok(());
    };
    let mut printed = Bounded::default();
    template.render(registry, context, render, &mut printed)?;
    let text = printed.into_text();
    let facts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|fact| !fact.is_empty())
        .collect();
    out.write(&facts.join(" · "))?;
    // Handlebars takes the line feed behind the block away.
    if text.ends_with('\n') && !facts.is_empty() {
        out.write("\n")?;
    }
    Ok(())
}
