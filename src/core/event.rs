//! What a delivery says happened, in one shape for all vendors.
//!
//! Routes match on these fields and templates print them, so a field means the same whichever vendor sent it.
//! What is not in here is still reachable as `payload`, the vendor's whole JSON, beside the event.
//!
//! Everything a vendor may leave out is an `Option` or a list that may be empty: templates test for presence
//! with `{{#if}}` and routes treat a missing value as "does not match".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
            job: None,
            deployment: None,
            release: None,
            alert: None,
            connected: None,
        }
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

/// A push to a branch or a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Push {
    pub before: Option<String>,
    pub after: Option<String>,
    /// The branch or tag did not exist before.
    pub created: bool,
    /// The branch or tag is gone.
    pub deleted: bool,
    pub forced: bool,
    pub compare_url: Option<String>,
}

/// A pull request or merge request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRequest {
    pub from_branch: Option<String>,
    pub to_branch: Option<String>,
    /// Owner of the fork it comes from, where that is not the repository itself.
    pub fork: Option<String>,
    pub draft: bool,
    pub merged: bool,
    pub merged_by: Option<Person>,
    pub additions: Option<u64>,
    pub deletions: Option<u64>,
    pub changed_files: Option<u64>,
    pub commits: Option<u64>,
    /// The page that shows the changed files.
    pub changes_url: Option<String>,
    /// The vendor says that it cannot be merged as it is.
    pub conflict: bool,
}

/// Where a comment stands. Its words are the event's `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comment {
    pub id: Option<String>,
    pub path: Option<String>,
    pub line: Option<u64>,
    /// Only some people may read it (Jira's visibility or internal note, GitLab's confidential note).
    pub restricted: bool,
    /// The thread it belongs to was resolved, or opened again.
    pub resolved: Option<bool>,
}

/// What a reviewer decided, or was asked for. Its words are the event's `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// `approved`, `changes_requested`, `commented`, `dismissed`, `requested`, `request_removed`, `approval_added`,
    /// `approval_removed`.
    pub state: String,
}

/// What an issue has beside the fields of all events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The vendor's own type: `Bug`, `Incident`, `Task`.
    pub kind: Option<String>,
    pub priority: Option<String>,
    /// Why it was closed, or its resolution.
    pub resolution: Option<String>,
    pub due: Option<String>,
    pub components: Vec<String>,
    pub confidential: bool,
}

/// A run of a pipeline, workflow or build.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pipeline {
    /// Name, where the vendor gives it one: the workflow's name.
    pub name: Option<String>,
    /// Number as the vendor prints it, without `#`.
    pub number: Option<String>,
    pub url: Option<String>,
    /// What started it: `push`, `schedule`, `merge_request_event`.
    pub trigger: Option<String>,
    /// Wall time in seconds.
    pub duration: Option<u64>,
    pub attempt: Option<u64>,
    pub stages: Vec<String>,
    /// The last try of each job; failed ones first.
    pub jobs: Vec<Job>,
    /// The commit that was built.
    pub commit: Option<Commit>,
    /// Against the run before: `fixed`, `broken`, `still_failing`; only where the payload says so.
    pub trend: Option<String>,
    /// Pull or merge request it ran for: `#42`, `!7`.
    pub change_request: Option<String>,
    pub change_request_url: Option<String>,
    /// Why it could not even start, such as an error in its configuration.
    pub error: Option<String>,
    /// The page to open when it failed: the failed job, or the list of failures.
    pub failure_url: Option<String>,
}

/// One job of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Job {
    pub name: String,
    pub stage: Option<String>,
    /// Same words as the event's status for builds.
    pub status: Option<String>,
    pub url: Option<String>,
    /// Seconds.
    pub duration: Option<u64>,
    /// Why it failed, in the vendor's words.
    pub failure: Option<String>,
    /// The first step that failed.
    pub failed_step: Option<String>,
    pub allowed_to_fail: bool,
    pub runner: Option<String>,
    pub attempt: Option<u64>,
}

/// A version on its way to an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub environment: String,
    pub tier: Option<String>,
    /// Branch, tag or commit that is deployed.
    pub reference: Option<String>,
    pub environment_url: Option<String>,
    pub log_url: Option<String>,
    pub commit: Option<Commit>,
    /// The page where somebody approves or rejects it.
    pub approval_url: Option<String>,
}

/// A published version. Its notes are the event's `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Release {
    pub tag: Option<String>,
    pub name: Option<String>,
    pub prerelease: bool,
    pub draft: bool,
    pub assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asset {
    pub name: String,
    /// Bytes.
    pub size: Option<u64>,
    pub url: Option<String>,
}

/// A finding of a scanner, an advisory, or a credential about to expire. Never the secret itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// `low`, `moderate` or `medium`, `high`, `critical`.
    pub severity: Option<String>,
    /// Affected package with its range, the rule, or the kind of secret: what the headline names.
    pub what: Option<String>,
    pub ecosystem: Option<String>,
    pub fixed_in: Option<String>,
    pub path: Option<String>,
    pub line: Option<u64>,
    /// CVE or GHSA number.
    pub identifier: Option<String>,
    pub tool: Option<String>,
    /// Why it was dismissed or resolved.
    pub reason: Option<String>,
    /// `YYYY-MM-DD`, for a token that expires.
    pub expires: Option<String>,
}

/// A webhook that was just set up, or is tried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// Events the vendor says it will send, `*` for all of them; empty where it does not say.
    pub events: Vec<String>,
    /// Those of them that no route could want. The routes fill this in, not the source.
    pub unrouted: Vec<String>,
}
