//! `hookbell man`: the manual pages, from the same definitions as the command line itself.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{Cli, Failure, print_all};

#[derive(Debug, Args)]
pub struct Man {
    /// Folder to write a page for each command to, such as /usr/local/share/man/man1
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(self) -> Result<(), Failure> {
        let command = Cli::command();
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command)
                .render(&mut page)
                .map_err(Failure::internal)?;
            return print_all(&page);
        };
        clap_mangen::generate_to(command, &dir).map_err(|error| {
            Failure::problem(
                format!("{}: {error}", dir.display()),
                "name a folder that is there and can be written",
            )
        })?;
        println!("The manual pages are in {}.", dir.display());
        Ok(())
    }
}
