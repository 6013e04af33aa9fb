//! What changed between two texts, word by word, for a terminal: `[-old-]{+new+}` in the lines that differ.

use similar::{ChangeTag, TextDiff};

/// The lines that differ, with what went and what came marked; `…` stands for lines that are the same.
pub fn changed_lines(before: &str, after: &str) -> Vec<String> {
    let mut lines = Lines::default();
    // With an end for the last line too, or it would differ from the same one that more follows.
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    for change in TextDiff::from_unicode_words(&before, &after).iter_all_changes() {
        lines.add(change.tag(), change.value());
    }
    lines.finish()
}

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    line: String,
    /// Whether something in this line changed.
    differs: bool,
    /// What the open mark is for.
    open: Option<ChangeTag>,
}

impl Lines {
    fn add(&mut self, tag: ChangeTag, text: &str) {
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                // A line that came or went differs, even where it is empty.
                self.differs |= tag != ChangeTag::Equal;
                self.finish_line();
            }
            if part.is_empty() {
                continue;
            }
            if tag == ChangeTag::Equal {
                self.close();
            } else if self.open != Some(tag) {
                self.close();
                self.line.push_str(match tag {
                    ChangeTag::Delete => "[-",
                    _ => "{+",
                });
                self.open = Some(tag);
                self.differs = true;
            }
            self.line.push_str(part);
        }
    }

    fn close(&mut self) {
        match self.open.take() {
            Some(ChangeTag::Delete) => self.line.push_str("-]"),
            Some(_) => self.line.push_str("+}"),
            None => {}
        }
    }

    fn finish_line(&mut self) {
        self.close();
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.differs) {
            if !line.is_empty() {
                self.lines.push(line);
            }
        } else if self.lines.last().is_none_or(|last| last != "…") {
            self.lines.push("…".to_owned());
        }
    }

    fn finish(self) -> Vec<String> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_where_they_changed_and_other_lines_are_left_out() {
        let cases = [
            (
                "mona opened #42\n\nKeep the session",
                "mona has opened #42\n\nKeep the session",
                vec!["mona {+has +}opened #42", "…"],
            ),
            (
                "流水线失败：main",
                "流水线成功：main",
                vec!["流水线[-失败-]{+成功+}：main"],
            ),
            ("one\ntwo", "one\ntwo\nthree", vec!["…", "{+three+}"]),
            ("one\ntwo\nthree", "three", vec!["[-one-]", "[-two-]", "…"]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(
                changed_lines(before, after),
                expected,
                "{before} -> {after}"
            );
        }
    }
}
