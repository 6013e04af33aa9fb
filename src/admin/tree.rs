//! JSON as a tree that folds, in HTML. Large ones are shown in part: a payload may hold megabytes.

use std::fmt::Write as _;

use serde_json::Value;

/// Values shown in all.
const MOST: usize = 1_500;
/// Characters of a text.
const LONGEST: usize = 400;
/// Levels of nesting.
const DEEPEST: usize = 24;

/// A JSON value as HTML that is safe whatever the value holds.
pub struct Tree {
    pub html: String,
    /// Values that are not shown.
    pub left: usize,
}

impl Tree {
    /// Opened so many levels deep.
    pub fn of(value: &Value, open: usize) -> Tree {
        let mut writer = Writer {
            html: String::new(),
            shown: 0,
            open,
        };
        writer.value(None, value, 0);
        Tree {
            left: count(value).saturating_sub(writer.shown),
            html: writer.html,
        }
    }
}

/// The value itself and everything in it.
fn count(value: &Value) -> usize {
    let inside: usize = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    };
    1 + inside
}

struct Writer {
    html: String,
    shown: usize,
    open: usize,
}

impl Writer {
    fn value(&mut self, name: Option<&str>, value: &Value, depth: usize) {
        self.shown += 1;
        match value {
            Value::Array(items) => {
                let fields = items.iter().enumerate();
                let fields = fields.map(|(at, item)| (at.to_string(), item));
                self.folded(name, "[]", items.len(), fields, depth);
            }
            Value::Object(fields) => {
                let count = fields.len();
                let fields = fields.iter().map(|(name, field)| (name.clone(), field));
                self.folded(name, "{}", count, fields, depth);
            }
            Value::String(text) => {
                self.name(name);
                self.html.push_str("<span class=\"s\">\"");
                self.text(text);
                self.html.push_str("\"</span>");
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.name(name);
                let _ = write!(self.html, "<span class=\"n\">{value}</span>");
            }
        }
    }

    fn folded<'a>(
        &mut self,
        name: Option<&str>,
        brackets: &str,
        count: usize,
        fields: impl Iterator<Item = (String, &'a Value)>,
        depth: usize,
    ) {
        if count == 0 || depth >= DEEPEST {
            self.name(name);
            let _ = write!(self.html, "<i>{brackets} {count}</i>");
            return;
        }
        let open = match depth < self.open {
            true => " open",
            false => "",
        };
        let _ = write!(self.html, "<details{open}><summary>");
        self.name(name);
        let _ = write!(self.html, "<i>{brackets} {count}</i></summary><ul>");
        for (name, field) in fields {
            if self.shown >= MOST {
                self.html.push_str("<li><i>…</i></li>");
                break;
            }
            self.html.push_str("<li>");
            self.value(Some(&name), field, depth + 1);
            self.html.push_str("</li>");
        }
        self.html.push_str("</ul></details>");
    }

    fn name(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.html.push_str("<b>");
            self.text(name);
            self.html.push_str("</b><i>: </i>");
        }
    }

    fn text(&mut self, text: &str) {
        for (at, char) in text.chars().enumerate() {
            if at == LONGEST {
                self.html.push('…');
                return;
            }
            match char {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\n' => self.html.push('↵'),
                char => self.html.push(char),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_it_becomes_markup() {
        let evil = "</summary><script>alert(1)</script>";
        let tree = Tree::of(&json!({ evil: [evil, 1, null, {}] }), 1);
        assert!(!tree.html.contains("<script") && !tree.html.contains("</summary><s"));
        assert_eq!(tree.left, 0);
        assert_eq!(tree.html.matches("<details").count(), 2);
        assert_eq!(tree.html.matches("<details open").count(), 1);
    }

    #[test]
    fn a_large_or_deep_one_is_shown_in_part() {
        let wide: Value = (0..100_000).collect::<Vec<u32>>().into();
        let tree = Tree::of(&wide, 1);
        assert_eq!(tree.left, 100_001 - MOST);
        assert!(tree.html.len() < 100_000);
        let mut deep = json!("x".repeat(100_000));
        for _ in 0..60 {
            deep = json!([deep]);
        }
        let tree = Tree::of(&deep, 1);
        assert!(tree.html.len() < 10_000 && tree.left > 0);
    }
}
