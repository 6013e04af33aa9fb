//! The processes that are measured, and the sandbox that stands in for DingTalk.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

const HOOKBELL: &str = env!("CARGO_BIN_EXE_hookbell");

/// A server on the loopback. Killed when it is dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// The bare handler: this program, told to be that.
    pub fn bare() -> anyhow::Result<Process> {
        let program = std::env::current_exe()?;
        Process::that_prints_its_address(Command::new(program).arg("--bare"))
    }

    pub fn sandbox() -> anyhow::Result<Process> {
        let words = ["sandbox", "--listen", "127.0.0.1:0"];
        Process::that_prints_its_address(Command::new(HOOKBELL).args(words))
    }

    fn that_prints_its_address(command: &mut Command) -> anyhow::Result<Process> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("no standard output")?;
        let address = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| address_in(&line))
            .context("the server printed no address")?;
        Ok(Process { child, address })
    }

    /// `hookbell serve` with this config, in a folder of its own and laid out as `hookbell init` does. Its log goes to a
    /// file, as the default settings write it.
    pub fn relay(folder: &Path, config: &str) -> anyhow::Result<Process> {
        let log = folder.join("log");
        fs::create_dir(folder.join("config"))?;
        fs::write(folder.join("config/hookbell.toml"), config)?;
        let mut child = Command::new(HOOKBELL)
            .arg("serve")
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .env_remove("HOOKBELL_CONFIG")
            .stderr(File::create(&log)?)
            .spawn()?;
        loop {
            let told = fs::read_to_string(&log)?;
            let ready = told
                .lines()
                .find_map(|line| line.split_once("server="))
                .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
            if let Some(address) = ready {
                return Ok(Process { child, address });
            }
            ensure!(child.try_wait()?.is_none(), "the relay ended: {told}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Processor time that it used so far, in all its threads.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        // Linux tells it in ticks of 10 ms, which is its USER_HZ on all machines that matter.
        const TICK: Duration = Duration::from_millis(10);
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("no name in /proc")?;
        let ticks: u32 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u32>().unwrap_or_default())
            .sum();
        Ok(TICK * ticks)
    }

    /// The most memory that it ever had (resident), in megabytes.
    pub fn peak_memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .context("no VmHWM in /proc")?;
        Ok(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split('/').next()?.trim().parse().ok()
}
