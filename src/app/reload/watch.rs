//! Hears from the system that something has changed in a folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::inputs::{Inputs, Names};

/// Folders, and the names in them that matter. Folders and not files: editors and Kubernetes put new files in place of
/// old ones.
pub struct Watch {
    /// `None` where the system has no room for one; SIGHUP is what is left then.
    watcher: Option<RecommendedWatcher>,
    places: Arc<Mutex<BTreeMap<PathBuf, Names>>>,
}

impl Watch {
    /// `changed` is told, perhaps more often than something has changed.
    pub fn that_tells(changed: Arc<Notify>) -> Watch {
        let places = Arc::<Mutex<BTreeMap<PathBuf, Names>>>::default();
        let known = Arc::clone(&places);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let places = known.lock().unwrap_or_else(PoisonError::into_inner);
            // After an error nobody knows what was missed.
            if event.map_or(true, |event| matters(&event, &places)) {
                changed.notify_one();
            }
        });
        Watch {
            watcher: watcher.map_err(|error| unwatched(&error)).ok(),
            places,
        }
    }

    /// Watches all places where these can change. A folder that was watched before may be another one of the same name
    /// by now, so that is done anew.
    pub fn look_at(&mut self, inputs: &Inputs) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let next = inputs.places();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *places, next.clone());
        // The watcher's thread may want to tell something meanwhile.
        drop(places);
        for folder in before.keys() {
            // One that is gone is not watched any more.
            let _ = watcher.unwatch(folder);
        }
        for folder in next.keys() {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                unwatched(&error);
            }
        }
    }
}

fn unwatched(error: &notify::Error) {
    tracing::warn!(%error, "config files are not watched; send SIGHUP after a change");
}

fn matters(event: &Event, places: &BTreeMap<PathBuf, Names>) -> bool {
    let is_change = match event.kind {
        // Our own reading is not one.
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let is_there = |path: &PathBuf| places.contains_key(path) || is_named(path, places);
    is_change && (event.need_rescan() || event.paths.iter().any(is_there))
}

fn is_named(path: &Path, places: &BTreeMap<PathBuf, Names>) -> bool {
    let Some(names) = path.parent().and_then(|folder| places.get(folder)) else {
        return false;
    };
    match names {
        Names::All => true,
        Names::These(names) => names.contains(path.file_name().unwrap_or(OsStr::new(""))),
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, Flag, ModifyKind};

    use super::*;

    #[test]
    fn only_changes_of_what_was_named_matter() {
        let places: BTreeMap<PathBuf, Names> = [
            (
                "/etc/hookbell".into(),
                Names::These(["a.toml".into()].into()),
            ),
            ("/etc/hookbell/templates".into(), Names::All),
        ]
        .into();
        let matters = |kind, path: &str| matters(&Event::new(kind).add_path(path.into()), &places);
        let written = EventKind::Modify(ModifyKind::Any);
        assert!(matters(written, "/etc/hookbell/a.toml"));
        assert!(matters(written, "/etc/hookbell/templates/en"));
        assert!(matters(
            EventKind::Remove(notify::event::RemoveKind::Folder),
            "/etc/hookbell"
        ));
        assert!(!matters(written, "/etc/hookbell/hookbell.db"));
        assert!(!matters(EventKind::Create(CreateKind::File), "/etc/a.toml"));
        let read = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(!matters(read, "/etc/hookbell/a.toml"));
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(super::matters(&overflow, &places));
    }
}
