//! `hookbell templates export`

use std::path::PathBuf;

use clap::Subcommand;

use super::Failure;
use super::init::write_new;
use crate::core::template;

#[derive(Debug, Subcommand)]
pub enum Templates {
    /// Write the built-in templates out for editing
    Export {
        /// Folder to write to; made where it does not exist
        dir: PathBuf,
    },
}

impl Templates {
    pub fn run(self) -> Result<(), Failure> {
        let Templates::Export { dir } = self;
        let files = template::builtin_files();
        if let Some(file) = files
            .iter()
            .map(|file| dir.join(&file.path))
            .find(|file| file.exists())
        {
            return Err(Failure::problem(
                format!("{} exists already; nothing was written", file.display()),
                "choose another folder, or move the file away first",
            ));
        }
        for file in &files {
            write_new(&dir.join(&file.path), &file.text)?;
        }
        println!("Wrote {} files to {}.", files.len(), dir.display());
        println!(
            "Keep only those that you change: a file that is not there is taken from the built-in ones."
        );
        Ok(())
    }
}
