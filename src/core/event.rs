//! What a delivery says happened, in one shape for all vendors.
//!
//! Routes match on these fields and templates print them, so a field means the same whichever vendor sent it.
//! What is not in here is still reachable as `payload`, the vendor's whole JSON, beside the event.
//!
//! Everything a vendor may leave out is an `Option` or a list that may be empty: templates test for presence
//! with `{{#if}}` and routes treat a missing value as "does not match".

mod details;
mod headline;
mod thread;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::details::*;
use super::history::{Flapping, Repeat};

/// The vendor a source speaks for: the `kind` of a configured source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Github,
    Gitlab,
    Jira,
    Codeup,
    Travis,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Github,
        Kind::Gitlab,
        Kind::Jira,
        Kind::Codeup,
        Kind::Travis,
    ];

    /// The word used in config files, addresses, template folders and logs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Github => "github",
            Kind::Gitlab => "gitlab",
            Kind::Jira => "jira",
            Kind::Codeup => "codeup",
            Kind::Travis => "travis",
        }
    }

    /// The vendor's name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Github => "GitHub",
            Kind::Gitlab => "GitLab",
            Kind::Jira => "Jira",
            Kind::Codeup => "Codeup",
            Kind::Travis => "Travis CI",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One happening, as a fact in the past tense.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// The vendor.
    pub source: Kind,
    /// The vendor's word for the kind of happening: `pull_request`, `pipeline`, `issue_updated`. Template files
    /// are named after it.
    pub event: String,
    /// The vendor's word for what was done: `opened`, `merge`, `failed`. Empty where the vendor has none.
    pub action: String,
    /// Other words that routes may use for `event`, `action` and `status`.
    #[serde(skip_serializing_if = "Aliases::is_empty")]
    pub aliases: Aliases,
    /// Where the thing stands now. For builds one of `passed`, `failed`, `errored`, `canceled`, `skipped`,
    /// `running`, `pending`, `waiting`; for pull and merge requests `open`, `draft`, `merged`, `closed`; for
    /// reviews `approved`, `changes_requested`, `commented`, `dismissed`; for Jira issues the status' own name.
    pub status: Option<String>,
    /// The sign that opens the headline.
    pub mark: Mark,
    /// Set where nobody is told of this by default.
    pub quiet: Option<Quiet>,

    /// Repository or project.
    pub repo: Option<Repo>,
    /// Short branch name the event is about: the pushed or built branch; for a pull or merge request the target.
    pub branch: Option<String>,
    /// Short tag name.
    pub tag: Option<String>,

    /// Who did it.
    pub actor: Option<Person>,
    /// Who made the thing that it was done to: the author of the pull request, the reporter of the issue, the
    /// author of the commit that was built.
    pub author: Option<Person>,
    pub assignees: Vec<Person>,
    /// People or teams asked to review; for a review request only those asked just now.
    pub reviewers: Vec<Person>,
    /// People named with `@` in the text.
    pub mentioned: Vec<Person>,

    /// What kind of thing `number`, `title` and `url` name.
    pub noun: Noun,
    /// Number or key without decoration: `42`, `SHOP-12`.
    pub number: Option<String>,
    /// Number as the vendor prints it: `#42`, `!7`, `SHOP-12`.
    pub reference: Option<String>,
    /// Title of the thing: of the pull request that was commented on, the first line of the commit that was built.
    pub title: Option<String>,
    /// What was written, as CommonMark: the comment, the description, the release notes. Untrusted.
    pub text: Option<String>,
    /// The page to open, as near to the happening as the vendor tells: the comment and not the issue.
    pub url: Option<String>,
    pub labels: Vec<String>,
    /// Milestone, fix version or sprint.
    pub milestone: Option<String>,

    /// Commits of a push, oldest first, as far as the vendor sends them.
    pub commits: Vec<Commit>,
    /// How many commits there really are.
    pub commit_count: u64,
    /// What was changed from what to what.
    pub changes: Vec<Change>,
    /// A few more facts that name the thing, for cards without a layout of their own.
    pub facts: Vec<Fact>,

    /// When it happened, by the vendor's clock.
    pub at: Option<Timestamp>,
    /// When the thing it happened to was made.
    pub created_at: Option<Timestamp>,
    /// Stable name of the thing over all its events: `github:acme/shop:pull_request:42`.
    pub object: Option<String>,

    pub push: Option<Push>,
    pub change_request: Option<ChangeRequest>,
    pub comment: Option<Comment>,
    pub review: Option<Review>,
    pub issue: Option<Issue>,
    pub pipeline: Option<Pipeline>,
    /// For the end of a pipeline or build: how often it failed before, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    pub job: Option<Job>,
    pub deployment: Option<Deployment>,
    pub release: Option<Release>,
    pub alert: Option<Alert>,
    /// For pings and test requests: what the vendor says it will send.
    pub connected: Option<Connected>,
}

impl Event {
    /// An event of which only the kind is known; sources fill in the rest with struct update syntax or by field.
    pub fn new(source: Kind, event: impl Into<String>, action: impl Into<String>) -> Event {
        Event {
            source,
            event: event.into(),
            action: action.into(),
            aliases: Aliases::default(),
            status: None,
            mark: Mark::None,
            quiet: None,
            repo: None,
            branch: None,
            tag: None,
            actor: None,
            author: None,
            assignees: Vec::new(),
            reviewers: Vec::new(),
            mentioned: Vec::new(),
            noun: Noun::Other,
            number: None,
            reference: None,
            title: None,
            text: None,
            url: None,
            labels: Vec::new(),
            milestone: None,
            commits: Vec::new(),
            commit_count: 0,
            changes: Vec::new(),
            facts: Vec::new(),
            at: None,
            created_at: None,
            object: None,
            push: None,
            change_request: None,
            comment: None,
            review: None,
            issue: None,
            pipeline: None,
            repeat: None,
            job: None,
            deployment: None,
            release: None,
            alert: None,
            connected: None,
        }
    }

    /// Has the event tell what the relay remembers. Where the payload has a word on that too, ours wins: messages must
    /// not contradict each other.
    pub fn tell(&mut self, repeat: Repeat) {
        if let Some(pipeline) = &mut self.pipeline {
            pipeline.trend = repeat.trend.map(|trend| trend.name().to_owned());
        }
        if repeat.flapping == Some(Flapping::Started) {
            self.mark = Mark::Attention;
        }
        self.repeat = Some(repeat);
    }

    /// Nobody is told of this kind of event, unless a route names it.
    pub fn hush_event(&mut self, reason: impl Into<String>) {
        self.quiet = Some(Quiet {
            reason: reason.into(),
            word: self.event.clone(),
        });
    }

    /// Nobody is told of this action, unless a route names it (and the event).
    pub fn hush_action(&mut self, reason: impl Into<String>) {
        if self.action.is_empty() {
            self.hush_event(reason);
        } else {
            self.quiet = Some(Quiet {
                reason: reason.into(),
                word: self.action.clone(),
            });
        }
    }

    /// Nobody is told, unless a route names the event and this word as an action.
    pub fn hush_as(&mut self, word: &str, reason: impl Into<String>) {
        if self.action != word && !self.aliases.action.iter().any(|known| known == word) {
            self.aliases.action.push(word.to_owned());
        }
        self.quiet = Some(Quiet {
            reason: reason.into(),
            word: word.to_owned(),
        });
    }
}

/// Why nobody is told of an event by default, and what a route must say to get it all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quiet {
    /// Told behind "ignored: ", so it begins small and ends without a full stop.
    pub reason: String,
    /// A route must name the event and, if this is not the event's name, also this word as its `action` (or, for a
    /// state of a build, as its `status`): `labeled`, `running`, `restricted`.
    pub word: String,
}

/// Other words for the same thing, so that a route may use the vendor's word or ours: GitLab's `build` for `job`,
/// `merged` beside GitHub's `closed`, `success` beside `passed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Aliases {
    pub event: Vec<String>,
    pub action: Vec<String>,
    pub status: Vec<String>,
}

impl Aliases {
    fn is_empty(&self) -> bool {
        self.event.is_empty() && self.action.is_empty() && self.status.is_empty()
    }
}

/// The sign in front of a headline. One meaning each, different in shape and not only in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Nothing in front.
    None,
    /// Passed, approved, resolved.
    Passed,
    /// Failed, changes requested.
    Failed,
    /// Needs a person: conflict, action required.
    Attention,
    /// Started or waiting.
    Waiting,
    /// Canceled, closed without merge.
    Canceled,
    ChangeRequest,
    Merged,
    Issue,
    Comment,
    Push,
    Branch,
    Tag,
    Package,
    Deployment,
    Security,
    People,
}

impl Mark {
    pub const ALL: [Mark; 17] = [
        Mark::None,
        Mark::Passed,
        Mark::Failed,
        Mark::Attention,
        Mark::Waiting,
        Mark::Canceled,
        Mark::ChangeRequest,
        Mark::Merged,
        Mark::Issue,
        Mark::Comment,
        Mark::Push,
        Mark::Branch,
        Mark::Tag,
        Mark::Package,
        Mark::Deployment,
        Mark::Security,
        Mark::People,
    ];

    /// The character as it is printed; empty for [`Mark::None`].
    pub fn sign(self) -> &'static str {
        match self {
            Mark::None => "",
            Mark::Passed => "✅",
            Mark::Failed => "❌",
            Mark::Attention => "⚠️",
            Mark::Waiting => "⏳",
            Mark::Canceled => "🚫",
            Mark::ChangeRequest => "🔀",
            Mark::Merged => "🎉",
            Mark::Issue => "🐞",
            Mark::Comment => "💬",
            Mark::Push => "⬆️",
            Mark::Branch => "🌿",
            Mark::Tag => "🏷️",
            Mark::Package => "📦",
            Mark::Deployment => "🚀",
            Mark::Security => "🔒",
            Mark::People => "👤",
        }
    }
}

/// What kind of thing an event is about. Templates choose the word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    PullRequest,
    MergeRequest,
    Issue,
    Commit,
    Discussion,
    Snippet,
    Branch,
    Tag,
    Pipeline,
    Job,
    Release,
    Deployment,
    Version,
    Sprint,
    Alert,
    Other,
}

/// A repository or project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repo {
    /// Full path as routes match it: `acme/shop`; for Jira the project key.
    pub name: String,
    /// What people call it: the last part of the path, or Jira's project name.
    pub title: String,
    pub url: Option<String>,
    pub default_branch: Option<String>,
    pub private: bool,
}

impl Repo {
    /// A repository known by its full path; its title is the last part.
    pub fn named(name: impl Into<String>, url: Option<String>) -> Repo {
        let name = name.into();
        let title = name.rsplit('/').next().unwrap_or(&name).to_owned();
        Repo {
            name,
            title,
            url,
            default_branch: None,
            private: false,
        }
    }
}

/// A person, a bot or a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// What to print; never empty.
    pub name: String,
    /// Login or user name at the vendor.
    pub login: Option<String>,
    /// Account id at the vendor (Jira's `accountId`, GitLab's numeric id, Codeup's `extern_uid`), as text.
    pub id: Option<String>,
    /// For mapping a person only; our own templates never print it.
    pub email: Option<String>,
    pub bot: bool,
}

impl Person {
    pub fn named(name: impl Into<String>) -> Person {
        Person {
            name: name.into(),
            login: None,
            id: None,
            email: None,
            bot: false,
        }
    }

    /// Somebody known by a login, which is also what is printed.
    pub fn with_login(login: impl Into<String>) -> Person {
        let login = login.into();
        Person {
            login: Some(login.clone()),
            ..Person::named(login)
        }
    }
}

/// A commit, as far as the event tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Full hash.
    pub id: String,
    /// First line of the message.
    pub title: String,
    pub url: Option<String>,
    pub author: Option<Person>,
}

/// One field that was edited. Lists (labels, assignees) say what came and what went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The vendor's name of the field: `title`, `Status`, `labels`.
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

/// A named value on a generic card. `name` is an English word that the language's word list translates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub name: String,
    pub value: String,
}
