//! Reload: a changed config is put in force while the relay runs, or refused while the one before stays.
//!
//! `watch` hears that files have changed, or SIGHUP comes. Once they have been quiet for a moment everything is read and
//! checked again, as at the start, and swapped whole. Files that changed without changing their content (`inputs` keeps
//! a fingerprint) are nothing new.

mod inputs;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch as channel};

use self::inputs::Inputs;
use self::watch::Watch;
use super::App;
use crate::checked::{self, Checked};
use crate::config::{self, Config, Loaded, Place, Problem, Severity};

/// How long files must have been left alone before they are read: whoever saves or copies them is done by then.
const QUIET: Duration = Duration::from_millis(100);
/// And how long that is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the config comes from.
#[derive(Debug, Clone)]
pub struct ConfigSource {
    /// Later ones win.
    pub files: Vec<PathBuf>,
    /// Wins over the files.
    pub environment: Vec<(String, String)>,
}

/// A config and its warnings, or what is wrong with it.
pub type Verdict = Result<(Checked, Vec<Problem>), Vec<Problem>>;

/// Where the config came from, and what was in all those files when it was read: what to compare with.
#[derive(Debug, Clone)]
pub struct Watched {
    source: ConfigSource,
    inputs: Inputs,
}

/// What a relay needs to reload its config. From here on SIGHUP does not end the process.
pub struct Reloading {
    watched: Watched,
    hangups: Signal,
}

impl Reloading {
    pub fn of(watched: Watched) -> std::io::Result<Reloading> {
        let hangups = signal(SignalKind::hangup())?;
        Ok(Reloading { watched, hangups })
    }
}

impl ConfigSource {
    /// Reads and checks everything.
    pub fn read(self) -> (Verdict, Watched) {
        const TRIES: u32 = 5;
        let mut tries = 0;
        loop {
            // Files that change while they are read are read once more.
            let before = self.inputs_of(&self.load());
            let loaded = self.load();
            let inputs = self.inputs_of(&loaded);
            let verdict = checked::check(loaded);
            tries += 1;
            if tries == TRIES || inputs.now().are_still(&before) {
                let source = self;
                return (verdict, Watched { source, inputs });
            }
        }
    }

    fn load(&self) -> Loaded {
        config::load(&self.files, self.environment.iter().cloned())
    }

    fn inputs_of(&self, loaded: &Loaded) -> Inputs {
        let files = self.files.iter().chain(loaded.secret_files()).cloned();
        Inputs::of(files.collect(), loaded.draft().templates.dir.clone())
    }

    /// A file without content is being written, or somebody has emptied it by mistake: nobody means to stop everything
    /// with it.
    fn emptied(&self) -> Option<Problem> {
        let is_empty = |file: &&PathBuf| {
            std::fs::read_to_string(file).is_ok_and(|text| text.trim().is_empty())
        };
        let file = self.files.iter().find(is_empty)?;
        Some(Problem {
            severity: Severity::Error,
            place: Place::File {
                file: file.clone(),
                line: 0,
                column: 0,
            },
            key: String::new(),
            what: "the config file is empty".to_owned(),
            remedy: "write the settings into it, or start without this file".to_owned(),
            excerpt: None,
        })
    }
}

/// Takes over from the config in force what cannot change while the relay runs, and tells the keys of what was changed.
pub(super) fn keep_fixed(next: &mut Config, running: &Config) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let mut keep = |key, differs: bool| {
        if differs {
            changed.push(key);
        }
    };
    keep("server.listen", next.server.listen != running.server.listen);
    keep("admin.listen", next.admin.listen != running.admin.listen);
    keep("store.url", next.store != running.store);
    keep("log", next.log != running.log);
    keep("otlp", next.otlp != running.otlp);
    next.log = running.log;
    next.otlp = running.otlp.clone();
    next.server.listen = running.server.listen;
    next.admin.listen = running.admin.listen;
    next.store = running.store.clone();
    changed
}

/// Reloads whenever there is reason to.
pub struct Reloader {
    app: Arc<App>,
    /// As it was last read, whether or not that was put in force.
    watched: Watched,
    changed: Arc<Notify>,
    watch: Watch,
    hangups: Signal,
}

impl Reloader {
    pub fn new(app: Arc<App>, reloading: Reloading) -> Reloader {
        let Reloading { watched, hangups } = reloading;
        let changed = Arc::new(Notify::new());
        let mut watch = Watch::that_tells(Arc::clone(&changed));
        watch.look_at(&watched.inputs);
        // Since the start's reading something may have changed unseen.
        changed.notify_one();
        Reloader {
            app,
            watched,
            changed,
            watch,
            hangups,
        }
    }

    pub async fn run(mut self, mut stop: channel::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                () = self.changed.notified() => {
                    self.settle().await;
                    self.reload(false).await;
                }
                _ = self.hangups.recv() => self.reload(true).await,
                _ = stop.changed() => {}
            }
        }
    }

    /// Waits until nothing has changed for a moment.
    async fn settle(&self) {
        let quiet = async {
            while tokio::time::timeout(QUIET, self.changed.notified())
                .await
                .is_ok()
            {}
        };
        // What changes all the time is read all the same.
        let _ = tokio::time::timeout(PATIENCE, quiet).await;
    }

    /// Reads everything again, and puts it in force if it is good. What was read before is not, unless `anyway`.
    async fn reload(&mut self, anyway: bool) {
        let before = self.watched.clone();
        let read = move || {
            if !anyway && before.inputs.now().are_still(&before.inputs) {
                return None;
            }
            let emptied = before.source.emptied();
            Some((emptied, before.source.read()))
        };
        let Ok(read) = tokio::task::spawn_blocking(read).await else {
            tracing::error!("config not read; this is a fault of Hookbell");
            return;
        };
        let Some((emptied, (verdict, watched))) = read else {
            // A folder may have been put in place of another one with the same content.
            self.watch.look_at(&self.watched.inputs);
            return;
        };
        self.watch.look_at(&watched.inputs);
        self.watched = watched;
        match (verdict, emptied) {
            (_, Some(problem)) => self.refuse(vec![problem]),
            (Err(problems), None) => self.refuse(problems),
            (Ok((checked, warnings)), None) => self.apply(checked, warnings),
        }
        // What changed before it was watched is looked for.
        self.changed.notify_one();
    }

    fn apply(&self, checked: Checked, warnings: Vec<Problem>) {
        for warning in &warnings {
            tracing::warn!(
                place = %warning.place, what = warning.what, remedy = warning.remedy,
                "config warning"
            );
        }
        match self.app.put_in_force(checked, warnings) {
            Ok(needs_restart) => {
                for key in needs_restart {
                    tracing::warn!(key, "changed setting needs a restart");
                }
                let revision = self.app.current().load().revision;
                tracing::info!(config.revision = revision, "config reloaded");
            }
            Err(error) => self.refuse(vec![Problem {
                severity: Severity::Error,
                place: Place::Unknown,
                key: String::new(),
                what: format!("{error:#}"),
                remedy: "look into the log".to_owned(),
                excerpt: None,
            }]),
        }
    }

    fn refuse(&self, problems: Vec<Problem>) {
        for problem in &problems {
            tracing::error!(
                place = %problem.place, what = problem.what, remedy = problem.remedy,
                "config problem"
            );
        }
        let current = self.app.current();
        tracing::error!(
            problems = problems.len(),
            config.revision = current.load().revision,
            "config not reloaded; the one before stays in force"
        );
        current.refuse(problems, self.app.delivery.clock.now());
    }
}
