//! As much of HTTP/1.1 as answers to our own requests need.

use anyhow::{Context as _, bail, ensure};

/// Finds the end of an answer in what was read so far; `None` while it is not whole.
pub fn whole(read: &[u8]) -> anyhow::Result<Option<Answer<'_>>> {
    let Some(head) = find(read, b"\r\n\r\n") else {
        ensure!(read.len() < 16 << 10, "an answer with a head without end");
        return Ok(None);
    };
    let text = std::str::from_utf8(&read[..head])?;
    let status = text
        .get(9..12)
        .and_then(|code| code.parse().ok())
        .context("an answer without a status")?;
    let mut length = None;
    for line in text.lines().skip(1) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let Some(length) = length else {
        bail!("an answer without a length: {text}");
    };
    let body = head + 4;
    Ok(read
        .get(body..body + length)
        .map(|body| Answer { status, body }))
}

/// A whole answer.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Fails unless the request was accepted, as each one here should be.
    pub fn accepted(&self) -> anyhow::Result<()> {
        ensure!(
            self.status == 202,
            "answered {} {}",
            self.status,
            String::from_utf8_lossy(self.body)
        );
        Ok(())
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
