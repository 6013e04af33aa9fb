//! The files that a config is made of, and whether they have changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Component, Path, PathBuf};

/// More symbolic links in one path are a circle.
const MOST_LINKS: u32 = 40;

/// Files and one folder, with a fingerprint of what was in them.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Config files and those of secrets.
    files: BTreeSet<PathBuf>,
    templates: PathBuf,
    fingerprint: u64,
}

/// Which names in a folder matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    All,
    These(BTreeSet<OsString>),
}

impl Inputs {
    /// These files, as they are now.
    pub fn of(files: BTreeSet<PathBuf>, templates: PathBuf) -> Inputs {
        let mut hash = DefaultHasher::new();
        for file in &files {
            (file, fs::read(file).ok()).hash(&mut hash);
        }
        for folder in folders_in(&templates) {
            for file in entries(&folder) {
                if !file.is_dir() {
                    (&file, fs::read(&file).ok()).hash(&mut hash);
                }
            }
        }
        Inputs {
            files,
            templates,
            fingerprint: hash.finish(),
        }
    }

    /// The same files, as they are now.
    pub fn now(&self) -> Inputs {
        Inputs::of(self.files.clone(), self.templates.clone())
    }

    /// The same files with the same content.
    pub fn are_still(&self, before: &Inputs) -> bool {
        self.fingerprint == before.fingerprint
            && self.files == before.files
            && self.templates == before.templates
    }

    /// Where a change shows: the folders that hold the files, or a symbolic link on the way to them, and the names there.
    pub fn places(&self) -> BTreeMap<PathBuf, Names> {
        let mut places = BTreeMap::new();
        for path in self.files.iter().chain([&self.templates]) {
            for (folder, name) in steps(path) {
                let names = places
                    .entry(folder)
                    .or_insert_with(|| Names::These(BTreeSet::new()));
                if let Names::These(names) = names {
                    names.insert(name);
                }
            }
        }
        for folder in folders_in(&self.templates) {
            if let Ok(folder) = fs::canonicalize(folder) {
                places.insert(folder, Names::All);
            }
        }
        places
    }
}

/// The links on the way to a path and its end, or the first thing on the way that is missing: each as a folder (without
/// links) and a name in it.
fn steps(path: &Path) -> Vec<(PathBuf, OsString)> {
    let Ok(path) = std::path::absolute(path) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    let mut at = PathBuf::new();
    let mut way: VecDeque<PathBuf> = parts(&path).collect();
    let mut links = 0;
    while let Some(part) = way.pop_front() {
        match part.components().next() {
            Some(Component::Normal(name)) => {
                let next = at.join(name);
                let link = fs::read_link(&next).ok().filter(|_| links < MOST_LINKS);
                if link.is_some() || way.is_empty() || !next.exists() {
                    steps.push((at.clone(), name.to_owned()));
                }
                match link {
                    Some(target) => {
                        links += 1;
                        for part in parts(&target).rev() {
                            way.push_front(part);
                        }
                    }
                    None if next.exists() => at = next,
                    None => break,
                }
            }
            Some(Component::RootDir) => at = PathBuf::from("/"),
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::CurDir | Component::Prefix(_)) | None => {}
        }
    }
    steps
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = PathBuf> {
    path.components()
        .map(|part| PathBuf::from(part.as_os_str()))
}

/// A folder and all in it, but for those whose names begin with a dot; none where it does not exist.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        if folder.as_os_str().is_empty() || !folder.is_dir() {
            continue;
        }
        left.extend(entries(&folder).into_iter().filter(|path| path.is_dir()));
        found.push(folder);
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !is_hidden(entry))
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    entries
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn of(file: &Path) -> Inputs {
        Inputs::of([file.to_owned()].into(), PathBuf::new())
    }

    #[test]
    fn only_another_content_is_a_change() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("a.toml");
        fs::write(&file, "one").unwrap();
        let before = of(&file);
        fs::write(&file, "one").unwrap();
        assert!(before.now().are_still(&before));
        fs::write(&file, "two").unwrap();
        assert!(!before.now().are_still(&before));
        fs::remove_file(&file).unwrap();
        assert!(!before.now().are_still(&before));
    }

    #[test]
    fn a_template_anywhere_in_its_folder_counts() {
        let folder = TempDir::new().unwrap();
        let inside = folder.path().join("en/github");
        fs::create_dir_all(&inside).unwrap();
        let before = Inputs::of(BTreeSet::new(), folder.path().to_owned());
        fs::write(inside.join("push.hbs"), "x").unwrap();
        assert!(!before.now().are_still(&before));
        let watched = before.places();
        let inside = fs::canonicalize(inside).unwrap();
        assert_eq!(watched.get(&inside), Some(&Names::All));
    }

    #[test]
    fn every_link_on_the_way_to_a_file_is_looked_at() {
        let folder = TempDir::new().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(root.join("..2026_a")).unwrap();
        fs::write(root.join("..2026_a/a.toml"), "one").unwrap();
        symlink("..2026_a", root.join("..data")).unwrap();
        symlink("..data/a.toml", root.join("a.toml")).unwrap();
        let names = |names: &[&str]| Names::These(names.iter().map(OsString::from).collect());
        let places = of(&root.join("a.toml")).places();
        assert_eq!(places.get(&root), Some(&names(&["a.toml", "..data"])));
        assert_eq!(
            places.get(&root.join("..2026_a")),
            Some(&names(&["a.toml"]))
        );
    }

    #[test]
    fn a_folder_that_is_missing_is_looked_for() {
        let folder = TempDir::new().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let places = of(&root.join("secrets/token")).places();
        let secrets = Names::These(["secrets".into()].into());
        assert_eq!(places, [(root, secrets)].into());
    }

    #[test]
    fn links_in_a_circle_end() {
        let folder = TempDir::new().unwrap();
        let link = folder.path().join("a");
        symlink("a", &link).unwrap();
        assert!(!of(&link).places().is_empty());
    }
}
