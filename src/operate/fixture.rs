//! A delivery as a test fixture: a folder with `payload.json` and `headers.txt`, as in `tests/fixtures/` and as
//! `hookbell render --header` takes them.

use super::explained::request;
use super::{Operator, Problem};
use crate::core::event::Kind;
use crate::store::record::{DeliveryId, DeliveryRecord};

/// A request in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixture {
    /// A name for the folder: `github-push-019…`.
    pub name: String,
    /// A line for each header.
    pub headers: String,
    /// The JSON, out of its form where it came in one.
    pub payload: Vec<u8>,
}

impl Operator {
    pub async fn fixture(&self, id: DeliveryId) -> Result<Fixture, Problem> {
        Ok(Fixture::of(&self.record(id).await?))
    }
}

impl Fixture {
    fn of(record: &DeliveryRecord) -> Fixture {
        let delivery = &record.delivery;
        let request = request(&record.payload);
        let form = match request.is_form() {
            true => request.form_field("payload"),
            false => None,
        };
        let kept = |name: &str| name != "user-agent" && !(form.is_some() && name == "content-type");
        let mut headers: String = request
            .headers
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        if form.is_some() && delivery.kind != Kind::Travis {
            headers.push_str("content-type: application/json\n");
        }
        let event: String = delivery
            .event
            .chars()
            .filter(|char| char.is_ascii_alphanumeric() || *char == '_')
            .collect();
        Fixture {
            name: format!("{}-{event}-{}", delivery.kind.name(), delivery.id),
            headers,
            payload: form.map_or_else(|| request.body.to_vec(), String::into_bytes),
        }
    }

    /// The folder in one file, as `tar` reads it.
    pub fn tar(&self) -> Vec<u8> {
        let mut archive = Vec::new();
        for (file, content) in [
            ("headers.txt", self.headers.as_bytes()),
            ("payload.json", &self.payload),
        ] {
            archive.extend_from_slice(&header(&format!("{}/{file}", self.name), content.len()));
            archive.extend_from_slice(content);
            archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        }
        // Two empty blocks are the end.
        archive.resize(archive.len() + 2 * BLOCK, 0);
        archive
    }
}

const BLOCK: usize = 512;

/// A file's header in the form that POSIX calls ustar: texts, and numbers as octal texts.
fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut write = |at: usize, text: &str| {
        let text = text.as_bytes();
        block[at..at + text.len()].copy_from_slice(text);
    };
    let name: String = name.chars().rev().take(99).collect();
    let name: String = name.chars().rev().collect();
    write(0, &name);
    write(100, "0000644");
    write(108, "0000000");
    write(116, "0000000");
    write(124, &format!("{size:011o}"));
    write(136, "00000000000");
    // The checksum counts itself as blanks.
    write(148, "        ");
    write(156, "0");
    write(257, "ustar\u{0}00");
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\u{0} ").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn tar_unpacks_what_was_packed() {
        let fixture = Fixture {
            name: "github-push-1".into(),
            headers: "x-github-event: push\n".into(),
            payload: b"{}".repeat(400),
        };
        let folder = tempfile::tempdir().unwrap();
        let mut tar = Command::new("tar")
            .args(["-xf", "-", "-C"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        tar.stdin.take().unwrap().write_all(&fixture.tar()).unwrap();
        assert!(tar.wait().unwrap().success());
        let read = |file: &str| std::fs::read(folder.path().join("github-push-1").join(file));
        assert_eq!(read("headers.txt").unwrap(), fixture.headers.as_bytes());
        assert_eq!(read("payload.json").unwrap(), fixture.payload);
    }
}
