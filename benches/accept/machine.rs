//! On what it was measured.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Processor, memory, system, load, and how long the disk takes to make 8 KB durable.
pub fn describe() -> anyhow::Result<String> {
    let line = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default()
            .trim_matches([' ', '\t', ':'])
            .to_owned()
    };
    Ok(format!(
        "Machine: {} ({} cores), memory {}, Linux {}, load before {}, 8 KB written and synced in {} µs.",
        line("/proc/cpuinfo", "model name"),
        thread::available_parallelism()?,
        line("/proc/meminfo", "MemTotal"),
        line("/proc/sys/kernel/osrelease", ""),
        line("/proc/loadavg", ""),
        sync_time()?.as_micros(),
    ))
}

/// Where the stores are made: on a disk, which `/tmp` often is not.
pub fn folder() -> anyhow::Result<TempDir> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&target)?;
    Ok(TempDir::new_in(target)?)
}

/// Median of some writes.
fn sync_time() -> anyhow::Result<Duration> {
    let folder = folder()?;
    let mut file = File::create(folder.path().join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let start = Instant::now();
        file.write_all(&[1; 8192])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
