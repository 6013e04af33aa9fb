//! The client: sends prepared requests over connections that stay open, and checks each answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::LocalSet;

use crate::http;
use crate::push::Pushes;
use crate::stats::Times;

/// How many were accepted in which time, and how long each took.
pub struct Outcome {
    pub times: Times,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// As fast as it goes: each connection sends its next request when its last one is answered. One thread does all of
/// it. Ends after `length`, or when there are no more requests.
pub fn flood(
    address: SocketAddr,
    pushes: &Arc<Pushes>,
    connections: usize,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let start = Instant::now();
        let tasks: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                tokio::task::spawn_local(send_until(stream, Arc::clone(pushes), start + length))
            })
            .collect();
        let mut times = Times::default();
        for task in tasks {
            times.append(task.await??);
        }
        Ok(Outcome {
            times,
            elapsed: start.elapsed(),
        })
    })
}

async fn send_until(
    mut stream: tokio::net::TcpStream,
    pushes: Arc<Pushes>,
    end: Instant,
) -> anyhow::Result<Times> {
    let mut times = Times::default();
    let mut request = Vec::new();
    let mut answer = Vec::with_capacity(4096);
    loop {
        let start = Instant::now();
        if start >= end || pushes.take(&mut request).is_none() {
            return Ok(times);
        }
        stream.write_all(&request).await?;
        answer.clear();
        loop {
            let read = stream.read_buf(&mut answer).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(answer) = http::whole(&answer)? {
                answer.accepted()?;
                break;
            }
        }
        times.push(start.elapsed());
    }
}

/// So many a second, each at its time whether or not the ones before are answered. A request is timed from when it
/// should have been sent: what waits for a slow answer waits in the numbers too.
pub fn paced(
    address: SocketAddr,
    pushes: &Arc<Pushes>,
    connections: usize,
    rate: u32,
    length: Duration,
) -> anyhow::Result<Times> {
    let total = (length.as_secs_f64() * f64::from(rate)) as usize;
    let start = Instant::now() + Duration::from_millis(100);
    let due = move |index: usize| start + Duration::from_secs_f64(index as f64 / f64::from(rate));
    let threads: Vec<_> = (0..connections)
        .map(|first| {
            let pushes = Arc::clone(pushes);
            thread::spawn(move || {
                let mut connection = Connection::open(address)?;
                let mut times = Times::default();
                for index in (first..total).step_by(connections) {
                    connection.prepare(&pushes)?;
                    thread::sleep(due(index).saturating_duration_since(Instant::now()));
                    connection.send()?;
                    times.push(due(index).elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut times = Times::default();
    for thread in threads {
        times.append(thread.join().expect("the client does not panic")?);
    }
    Ok(times)
}

/// One connection, for whoever waits for each answer.
pub struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            request: Vec::new(),
        })
    }

    /// Makes the next request ready, and tells its commit.
    pub fn prepare<'a>(&mut self, pushes: &'a Pushes) -> anyhow::Result<&'a str> {
        pushes
            .take(&mut self.request)
            .context("too few requests were made")
    }

    /// Sends what was prepared, and waits until it is accepted.
    pub fn send(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.request)?;
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk).context("no answer")?;
            ensure!(read > 0, "the connection was closed");
            answer.extend_from_slice(&chunk[..read]);
            if let Some(answer) = http::whole(&answer)? {
                return answer.accepted();
            }
        }
    }
}
