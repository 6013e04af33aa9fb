//! `hookbell init`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::config;

#[derive(Debug, Args)]
pub struct Init {
    /// Folder to write to; made where it does not exist
    #[arg(default_value = ".")]
    dir: PathBuf,
}

impl Init {
    pub fn run(self) -> Result<(), Failure> {
        let file = self.dir.join("config").join("hookbell.toml");
        write_new(&file, config::STARTER)?;
        println!("Wrote {}.", file.display());
        println!(
            "Fill in the addresses and secrets, then: hookbell check --config {}",
            file.display()
        );
        Ok(())
    }
}

/// Writes a file that is not there yet; what a person wrote is never overwritten.
pub fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::problem(
            format!("{} exists already", path.display()),
            "choose another folder, or move the file away first",
        ));
    }
    let written = match path.parent() {
        Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(path, text)),
        None => fs::write(path, text),
    };
    written.map_err(|error| {
        Failure::problem(
            format!("{} cannot be written: {error}", path.display()),
            "choose a folder that this user may write to",
        )
    })
}
