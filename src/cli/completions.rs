//! `hookbell completions`

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, Failure, print_all};

#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell; load it with `source <(hookbell completions bash)`, or write it to a file in zsh's $fpath or in
    /// fish's folder of completions
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "hookbell", &mut script);
        print_all(&script)
    }
}
