//! Jira's wiki markup to CommonMark.
//!
//! Verbatim blocks are taken out first, the rest is read line by line (this file) and then character by character
//! (`inline`): regular expressions run one after another over the whole text trip over each other's results. Every
//! character is looked at a bounded number of times, whatever a stranger has written.
//!
//! Deliberately not converted: strike-through (`-x-` is far more often a date or an option), smileys, and the look of
//! things (colours, sizes, panels). Tables become lines, since few chat clients draw tables.

mod inline;
#[cfg(test)]
mod tests;

use super::markdown::{self, Blocks, Kind};
use super::person::People;
use super::text::Text;
use inline::Inline;

/// Macros that change only the look of what is between them.
const DECORATION: [&str; 14] = [
    "color", "panel", "info", "note", "tip", "warning", "expand", "section", "column", "anchor",
    "toc", "excerpt", "center", "div",
];

/// Longest opening tag that is taken for one: `{code:title=Example.java|borderStyle=solid}`.
const MAX_TAG: usize = 300;

pub fn to_markdown(markup: &str, people: &People) -> Text {
    let markup = markup.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader {
        people,
        blocks: Blocks::default(),
        levels: Vec::new(),
        text: Text::default(),
    };
    let mut rest = markup.as_str();
    while let Some(verbatim) = next_verbatim(rest) {
        reader.lines(rest[..verbatim.start].trim_end_matches(' '));
        reader.fence(verbatim.language, verbatim.code);
        rest = &rest[verbatim.end..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    reader.lines(rest);
    Text {
        markdown: reader.blocks.into_markdown(),
        ..reader.text
    }
}

/// A `{code}` or `{noformat}` block. One that is not closed goes to the end.
struct Verbatim<'a> {
    start: usize,
    end: usize,
    language: &'a str,
    code: &'a str,
}

fn next_verbatim(text: &str) -> Option<Verbatim<'_>> {
    for (start, _) in text.match_indices('{') {
        if text[..start].ends_with(['\\', '{']) {
            continue;
        }
        let tag = &text[start + 1..];
        let Some((closing, after_name)) = ["code", "noformat"].into_iter().find_map(|name| {
            let closing = if name == "code" {
                "{code}"
            } else {
                "{noformat}"
            };
            Some((closing, tag.strip_prefix(name)?))
        }) else {
            continue;
        };
        let Some(parameters) = parameters_of(after_name) else {
            continue;
        };
        let body = text.len() - after_name.len() + parameters.len() + 1;
        let length = text[body..].find(closing);
        let code = &text[body..length.map_or(text.len(), |length| body + length)];
        return Some(Verbatim {
            start,
            end: length.map_or(text.len(), |length| body + length + closing.len()),
            language: language_in(parameters),
            code: code.trim_matches('\n'),
        });
    }
    None
}

/// What stands between a macro's name and its closing brace: nothing, or a colon and more.
fn parameters_of(after_name: &str) -> Option<&str> {
    let end = after_name
        .bytes()
        .take(MAX_TAG)
        .position(|byte| matches!(byte, b'}' | b'{' | b'\n'))?;
    let parameters = &after_name[..end];
    let closed = after_name[end..].starts_with('}');
    (closed && (parameters.is_empty() || parameters.starts_with(':'))).then_some(parameters)
}

/// `:java`, `:title=x|java` and `:language=java` are all in use.
fn language_in(parameters: &str) -> &str {
    let mut options = parameters.trim_start_matches(':').split('|');
    options
        .find_map(|option| match option.split_once('=') {
            None => Some(option.trim()),
            Some(("language", language)) => Some(language.trim()),
            Some(_) => None,
        })
        .unwrap_or_default()
}

struct Reader<'a> {
    people: &'a People,
    blocks: Blocks,
    /// The open list items, from the outermost.
    levels: Vec<Level>,
    /// Collects who is mentioned.
    text: Text,
}

/// One level of a nested list.
struct Level {
    /// How many markers its items have: 2 for `**`.
    depth: usize,
    ordered: bool,
    count: usize,
    /// Blanks before the marker.
    indent: usize,
}

impl Level {
    fn marker(&self) -> String {
        if self.ordered {
            format!("{}. ", self.count)
        } else {
            "- ".to_owned()
        }
    }

    /// Blanks before what stands below the item's first line.
    fn content_indent(&self) -> usize {
        self.indent + self.marker().len()
    }
}

impl Reader<'_> {
    fn lines(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            let line = without_decoration(line);
            for (index, part) in line.split("{quote}").enumerate() {
                if index > 0 {
                    self.blocks.toggle_quote();
                }
                self.line(part.trim(), line.contains("{quote}"));
            }
        }
    }

    fn line(&mut self, line: &str, beside_quote: bool) {
        if line.is_empty() {
            if !beside_quote {
                self.blocks.end();
            }
        } else if let Some((level, rest)) = heading(line) {
            let line = format!("{} {}", "#".repeat(level), self.inline(rest));
            self.blocks.block(Kind::Single, vec![line]);
        } else if let Some(rest) = line.strip_prefix("bq. ") {
            self.quote_line(rest);
        } else if line.len() >= 4 && line.bytes().all(|byte| byte == b'-') {
            self.blocks.block(Kind::Single, vec!["---".to_owned()]);
        } else if let Some((markers, rest)) = list_item(line) {
            self.item(markers, rest);
        } else if line.len() > 1 && line.starts_with('|') {
            let row = self.row(line);
            if !row.is_empty() {
                self.blocks.line(Kind::Paragraph, row);
            }
        } else {
            let line = self.inline(line);
            let indent = self.levels.last().map_or(0, Level::content_indent);
            if !self
                .blocks
                .continue_list(indent, std::slice::from_ref(&line))
            {
                self.blocks.line(Kind::Paragraph, line);
            }
        }
    }

    fn quote_line(&mut self, rest: &str) {
        let line = self.inline(rest);
        if self.blocks.is_quoting() {
            self.blocks.line(Kind::Paragraph, line);
        } else {
            self.blocks.toggle_quote();
            self.blocks.line(Kind::Paragraph, line);
            self.blocks.toggle_quote();
        }
    }

    fn item(&mut self, markers: &str, rest: &str) {
        if !self.blocks.list_is_open() {
            self.levels.clear();
        }
        let (depth, ordered) = (markers.len(), markers.ends_with('#'));
        while self.levels.last().is_some_and(|level| level.depth > depth) {
            self.levels.pop();
        }
        match self.levels.last_mut().filter(|level| level.depth == depth) {
            Some(level) if level.ordered == ordered => level.count += 1,
            Some(level) => {
                level.ordered = ordered;
                level.count = 1;
            }
            // A jump over a level is one step: CommonMark would read more blanks as code.
            None => self.levels.push(Level {
                depth,
                ordered,
                count: 1,
                indent: self.levels.last().map_or(0, Level::content_indent),
            }),
        }
        let text = self.inline(rest);
        if let Some(level) = self.levels.last() {
            let line = format!("{}{}{text}", " ".repeat(level.indent), level.marker());
            self.blocks.line(Kind::List, line);
        }
    }

    fn fence(&mut self, language: &str, code: &str) {
        if code.trim().is_empty() {
            return;
        }
        let lines = markdown::fence(language, code);
        let indent = self.levels.last().map_or(0, Level::content_indent);
        if !self.blocks.continue_list(indent, &lines) {
            self.blocks.block(Kind::Single, lines);
        }
    }

    /// A row of a table as one line; the cells of a heading row are bold.
    fn row(&mut self, line: &str) -> String {
        let header = line.starts_with("||");
        let cells = cells_of(line).into_iter().map(str::trim);
        let cells: Vec<String> = cells
            .filter(|cell| !cell.is_empty())
            .map(|cell| {
                let cell = self.inline(cell);
                if header && !cell.contains('*') {
                    format!("**{cell}**")
                } else {
                    cell
                }
            })
            .collect();
        cells.join(" · ")
    }

    fn inline(&mut self, line: &str) -> String {
        let mut inline = Inline::new(self.people, &mut self.text);
        inline.read(line);
        markdown::guarded(inline.finish())
    }
}

/// `h3. Steps` -> 3, `Steps`.
fn heading(line: &str) -> Option<(usize, &str)> {
    let (level, rest) = line.strip_prefix('h')?.split_once(". ")?;
    let level = level.parse().ok()?;
    (1..=6).contains(&level).then_some((level, rest))
}

/// `#* text` -> `#*`, `text`.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let (markers, rest) = line.split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let nested = markers.bytes().all(|byte| matches!(byte, b'*' | b'#'));
    let dashes = matches!(markers, "-" | "--");
    let is_item = !markers.is_empty() && markers.len() <= 20 && !rest.is_empty();
    (is_item && (nested || dashes)).then_some((markers, rest))
}

/// The line without braces that only decorate: `{color:red}x{color}` -> `x`. Inline code keeps its braces.
fn without_decoration(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    let mut code_may_close = true;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if rest.starts_with("{{") && code_may_close {
            let length = rest.find("}}").map(|end| end + 2);
            code_may_close = length.is_some();
            let (code, after) = rest.split_at(length.unwrap_or(2));
            out.push_str(code);
            rest = after;
            continue;
        }
        let decoration = (!out.ends_with('\\'))
            .then(|| {
                let name = DECORATION
                    .into_iter()
                    .find(|name| rest[1..].starts_with(name))?;
                Some(name.len() + parameters_of(&rest[1 + name.len()..])?.len() + 2)
            })
            .flatten();
        match decoration {
            Some(length) => rest = &rest[length..],
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The cells between the bars of a row; bars inside links do not count.
fn cells_of(line: &str) -> Vec<&str> {
    let last_close = line.rfind(']').unwrap_or(0);
    let mut cells = Vec::new();
    let mut start = 0;
    let mut in_link = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'[' if at < last_close => in_link = true,
            b']' => in_link = false,
            b'|' if !in_link => {
                cells.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    cells.push(&line[start..]);
    cells
}
