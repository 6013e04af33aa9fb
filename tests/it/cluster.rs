//! A PostgreSQL server of the tests' own, on a free port, which they may stop, kill and start as they like.
//!
//! The shared one that `HOOKBELL_TEST_POSTGRES` names is for tests that only use it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::relay::free_port;

/// The account that the server runs under where the tests run as root: it refuses to run as root itself.
const ACCOUNT: &str = "postgres";

pub struct Cluster {
    folder: TempDir,
    port: u16,
    programs: PathBuf,
}

impl Cluster {
    /// Makes a server and starts it; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Cluster> {
        let Some(programs) = programs() else {
            assert!(
                std::env::var_os("HOOKBELL_CI").is_none(),
                "no initdb on this machine"
            );
            return None;
        };
        let folder = TempDir::new().unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .arg(ACCOUNT)
                .arg(folder.path())
                .status();
            assert!(owned.unwrap().success());
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(folder.path(), private).unwrap();
        }
        let port = free_port().local_addr().unwrap().port();
        let cluster = Cluster {
            folder,
            port,
            programs,
        };
        let data = cluster.data();
        let made = [
            "-D",
            &data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ];
        cluster.run("initdb", &made);
        cluster.go_on();
        Some(cluster)
    }

    /// As `store.url`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it as a crash does: whoever is connected is cut off, and nothing is written any more.
    pub fn stop(&self) {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "stop"],
        );
    }

    /// Starts it again on the same port.
    pub fn go_on(&self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -k {folder}", self.port);
        let log = format!("{folder}/log");
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-l",
                &log,
                "-o",
                &options,
                "-w",
                "start",
            ],
        );
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, words: &[&str]) {
        let output = self.output(program, words);
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn output(&self, program: &str, words: &[&str]) -> Output {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", ACCOUNT, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Its own folder, because the account may not look into ours.
        command.args(words).current_dir(self.folder.path());
        command.output().unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.output("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

/// The folder of the server's programs: Debian keeps them off the path, the newest version is taken.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    versions.sort();
    let on_path = std::env::var("PATH").unwrap_or_default();
    let on_path = on_path
        .split(':')
        .map(Path::new)
        .find(|folder| folder.join("initdb").exists())
        .map(Path::to_owned);
    versions.pop().or(on_path)
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}
