//! One thing that was looked at.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Good,
    /// It works, and somebody should look at it.
    Look,
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// `store`, `clock`, `bot backend/one`.
    about: String,
    what: String,
    /// What to do.
    remedy: Option<String>,
}

impl Finding {
    pub fn good(about: impl Into<String>, what: impl Into<String>) -> Finding {
        Finding {
            level: Level::Good,
            about: about.into(),
            what: what.into(),
            remedy: None,
        }
    }

    pub fn look(
        about: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            level: Level::Look,
            remedy: Some(remedy.into()),
            ..Finding::good(about, what)
        }
    }

    pub fn wrong(
        about: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            level: Level::Wrong,
            ..Finding::look(about, what, remedy)
        }
    }

    /// From one sentence that may tell after a colon what to do.
    pub fn told(level: Level, about: impl Into<String>, sentence: &str) -> Finding {
        let (what, remedy) = match sentence.split_once(": ") {
            Some((what, remedy)) => (what, Some(remedy.to_owned())),
            None => (sentence, None),
        };
        Finding {
            level,
            remedy,
            ..Finding::good(about, what)
        }
    }

    /// With more of what is known, before what to do.
    pub fn and(mut self, more: impl fmt::Display) -> Finding {
        let what = self.what.trim_end_matches('.');
        self.what = format!("{what}; {more}");
        self
    }

    /// With DingTalk's code.
    pub fn with_code(mut self, code: &str) -> Finding {
        let what = self.what.trim_end_matches('.');
        self.what = format!("{what} ({code})");
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.level {
            Level::Good => '✓',
            Level::Look => '!',
            Level::Wrong => '✗',
        };
        write!(
            f,
            "{mark} {}: {}",
            self.about,
            self.what.trim_end_matches('.')
        )?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n    {}", remedy.trim_end_matches('.')),
            None => Ok(()),
        }
    }
}
