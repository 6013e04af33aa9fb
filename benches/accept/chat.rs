//! A group's chat in the sandbox, watched over its page's event stream.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// Longer than any message may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Chat {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Chat {
    pub fn watch(sandbox: SocketAddr, group: &str) -> anyhow::Result<Chat> {
        let mut stream = TcpStream::connect(sandbox)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /groups/{group}/live?after=0 HTTP/1.1\r\nHost: sandbox\r\n\r\n"
        )?;
        Ok(Chat {
            stream,
            read: Vec::new(),
        })
    }

    /// Waits until the next message that contains `word` is in the group.
    pub fn wait_for(&mut self, word: &str) -> anyhow::Result<()> {
        let mut chunk = [0; 16 << 10];
        loop {
            if let Some(at) = find(&self.read, word.as_bytes()) {
                self.read.drain(..at + word.len());
                return Ok(());
            }
            let read = self.stream.read(&mut chunk).context("no message came")?;
            ensure!(read > 0, "the sandbox closed the connection");
            // What cannot hold the word's beginning is not looked at again.
            let keep = self.read.len().min(word.len());
            self.read.drain(..self.read.len() - keep);
            self.read.extend_from_slice(&chunk[..read]);
        }
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
