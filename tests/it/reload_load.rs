//! Reload under load: a thousand deliveries a second while the config changes a hundred times, and some edits are bad.
//!
//! It takes a minute of real time and prints numbers: `.ci/run` asks for it. Each revision of the config has a number of
//! its own in everything that a message is made of: the template that its route names, digests, the keyword of the group's
//! bot, and the person that is mentioned. A message with two numbers is a mixture.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hookbell::clock::SystemClock;
use hookbell::sandbox::{self, Accepted, Sandbox, SandboxBot};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::relay::{PATIENCE, free_port};
use crate::replica::{self, Replica};
use crate::vendor::{self, Webhook};

const RATE: usize = 1000;
const EDITS: usize = 100;
/// One edit in so many is bad.
const BAD: usize = 5;
/// A bot tells a few messages at once and then digests, 20 a minute: so that messages of every revision are seen, one group
/// after the other gets what comes in a quarter of a second.
const GROUPS: usize = 140;
const IN_A_ROW: usize = RATE / 4;
const CONNECTIONS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute of real time; .ci/run asks for it"]
async fn no_request_fails_and_no_message_is_a_mixture() {
    let sandbox = Sandbox::new(Arc::<SystemClock>::default()).keeping(1_000_000);
    for group in 0..GROUPS {
        sandbox.add_bot(SandboxBot {
            token: format!("g{group}"),
            secret: None,
            keywords: Vec::new(),
            group: format!("g{group}"),
        });
    }
    let listener = free_port();
    let chat = listener.local_addr().unwrap().to_string();
    tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    publish(root, &chat, 0, None);
    symlink("..data/hookbell.toml", root.join("hookbell.toml")).unwrap();
    let mut serve = Command::new(replica::program());
    serve
        .arg("serve")
        .current_dir(root)
        .env("HOOKBELL_CONFIG", "hookbell.toml")
        .env("RUST_LOG", "warn,hookbell::app=info,hookbell::cli=info");
    let relay = Replica::start(&mut serve).unwrap_or_else(|log| panic!("not ready:\n{log}"));

    let load = Load::start(&relay.address);
    let began = Instant::now();
    let (mut good, mut bad) = (BTreeSet::from([0]), 0);
    for edit in 1..=EDITS {
        let fault = edit.is_multiple_of(BAD).then_some(edit);
        publish(root, &chat, edit, fault);
        match fault {
            Some(_) => bad += 1,
            None => drop(good.insert(edit)),
        }
        let applied = || relay.log().matches("config reloaded").count();
        let refused = || relay.log().matches("config not reloaded").count();
        eventually("each edit is applied or refused", || {
            applied() + refused() == edit
        })
        .await;
        assert_eq!((applied(), refused()), (good.len() - 1, bad), "edit {edit}");
    }
    let edited = began.elapsed();
    let sent = load.stop().await;
    // Those of the last seconds are told in digests.
    tokio::time::timeout(PATIENCE, sandbox.messages_after(EDITS as u64))
        .await
        .expect("too few messages");
    relay.terminate();

    let messages = sandbox.messages();
    let mixtures: Vec<String> = messages
        .iter()
        .filter(|message| !is_of_one(message, &good))
        .map(|message| message.body.to_string())
        .collect();
    let digests = messages.iter().filter(|message| is_digest(message)).count();
    let revisions: BTreeSet<usize> = messages.iter().flat_map(numbers).collect();
    println!("| reload under load | |");
    println!("|---|---:|");
    println!("| edits, of them bad | {EDITS}, {bad} |");
    println!("| seconds | {:.1} |", edited.as_secs_f64());
    println!(
        "| requests sent a second | {:.0} |",
        sent.requests as f64 / sent.seconds
    );
    println!("| of them failed | {} |", sent.failed);
    println!("| slowest answer, ms | {} |", sent.slowest.as_millis());
    println!(
        "| messages, of them digests | {}, {digests} |",
        messages.len()
    );
    println!("| revisions seen in them | {} |", revisions.len());
    println!("| mixtures | {} |", mixtures.len());
    assert_eq!(sent.failed, 0);
    assert!(mixtures.is_empty(), "{}", mixtures[0]);
    assert!(revisions.len() > EDITS / 2, "{revisions:?}");
}

/// Puts a revision in force as Kubernetes does: a new folder, and a link that is swapped.
fn publish(root: &Path, chat: &str, number: usize, fault: Option<usize>) {
    let name = format!("..{number}");
    let data = root.join(&name);
    let templates = data.join("templates/en");
    fs::create_dir_all(&templates).unwrap();
    let mut config = config(root, chat, number);
    let mut single = format!("---\ntitle: T{number}T\n---\nT{number}T\n");
    // In turn an unknown key, a group that is not there, and a template that cannot be compiled.
    match fault.map(|fault| fault / BAD % 3) {
        Some(0) => config.push_str("[routs]\n"),
        Some(1) => config = config.replace("to = [\"g7\"]", "to = [\"g7000\"]"),
        Some(_) => single.push_str("{{#if title}}\n"),
        None => {}
    }
    fs::write(templates.join(format!("push-{number}.hbs")), single).unwrap();
    let digest = format!("---\ntitle: T{number}T\n---\nT{number}T\n{{{{digest.count}}}} events\n");
    fs::write(templates.join("digest.hbs"), digest).unwrap();
    fs::write(data.join("hookbell.toml"), config).unwrap();
    symlink(&name, root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    if let Some(old) = number.checked_sub(2) {
        fs::remove_dir_all(root.join(format!("..{old}"))).unwrap();
    }
}

fn config(root: &Path, chat: &str, number: usize) -> String {
    let mut config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"sqlite:hookbell.db\"\n[templates]\ndir = '{}/..data/templates'\n\
         [people.mona]\ngithub = \"mona\"\nmobile = \"{}\"\n{}",
        root.display(),
        mobile(number),
        vendor::sources(),
    );
    for group in 0..GROUPS {
        config.push_str(&format!(
            "[groups.g{group}]\nwebhook = \"http://{chat}/robot/send?access_token=g{group}\"\nkeywords = [\"K{number}K\"]\n\
             [[routes]]\nname = \"to {group}\"\nrepo = \"acme/g{group}\"\nto = [\"g{group}\"]\n\
             template = \"push-{number}\"\nmention = [\"actor\"]\n"
        ));
    }
    config
}

fn mobile(number: usize) -> String {
    format!("{}", 13_800_000_000_u64 + number as u64)
}

/// Whether all marks in a message are those of one of these revisions.
fn is_of_one(message: &Accepted, good: &BTreeSet<usize>) -> bool {
    let text = message.body.to_string();
    let numbers = numbers(message);
    let Some(number) = numbers.first() else {
        return false;
    };
    let all_marks = text.contains(&format!("T{number}T")) && text.contains(&format!("K{number}K"));
    let mentioned = text.contains("13800000") && text.contains(&mobile(*number));
    numbers.len() == 1
        && good.contains(number)
        && all_marks
        && (mentioned || is_digest(message) && !text.contains("13800000"))
}

fn is_digest(message: &Accepted) -> bool {
    message.body.to_string().contains(" events")
}

/// All revisions that left a mark in the message.
fn numbers(message: &Accepted) -> BTreeSet<usize> {
    let text = message.body.to_string();
    let between = |mark: char| {
        text.split(mark)
            .filter_map(|part| part.parse().ok())
            .collect::<Vec<usize>>()
    };
    let people = text
        .match_indices("13800000")
        .filter_map(|(at, _)| text.get(at..at + 11)?.parse::<u64>().ok())
        .map(|mobile| (mobile - 13_800_000_000) as usize);
    between('T')
        .into_iter()
        .chain(between('K'))
        .chain(people)
        .collect()
}

/// What came of the requests.
struct Sent {
    requests: usize,
    failed: usize,
    slowest: Duration,
    seconds: f64,
}

/// Requests at a steady rate, whether or not those before are answered.
struct Load {
    stop: Arc<AtomicBool>,
    began: Instant,
    senders: JoinSet<(usize, usize, Duration)>,
}

impl Load {
    fn start(address: &str) -> Load {
        let (stop, began) = (Arc::<AtomicBool>::default(), Instant::now());
        let (next, address) = (Arc::<AtomicUsize>::default(), address.to_owned());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut senders = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (stop, next) = (Arc::clone(&stop), Arc::clone(&next));
            let (http, address) = (http.clone(), address.clone());
            senders.spawn(async move {
                let (mut requests, mut failed, mut slowest) = (0, 0, Duration::ZERO);
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let webhook = push(number);
                    let due = began + Duration::from_secs(1) * number as u32 / RATE as u32;
                    tokio::time::sleep_until(due.into()).await;
                    let told = replica::post(&http, &address, &webhook).await;
                    requests += 1;
                    failed += usize::from(told.is_none_or(|told| told.status != 202));
                    slowest = slowest.max(due.elapsed());
                }
                (requests, failed, slowest)
            });
        }
        Load {
            stop,
            began,
            senders,
        }
    }

    async fn stop(mut self) -> Sent {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent = Sent {
            requests: 0,
            failed: 0,
            slowest: Duration::ZERO,
            seconds: 0.0,
        };
        while let Some(ended) = self.senders.join_next().await {
            let (requests, failed, slowest) = ended.unwrap();
            sent.requests += requests;
            sent.failed += failed;
            sent.slowest = sent.slowest.max(slowest);
        }
        sent.seconds = self.began.elapsed().as_secs_f64();
        sent
    }
}

fn push(number: usize) -> Webhook {
    let group = number / IN_A_ROW % GROUPS;
    let body = json!({
        "ref": "refs/heads/main", "after": format!("{number:040x}"),
        "commits": [{"id": format!("{number:040x}"), "message": "Keep the session", "author": {"name": "Mona"}}],
        "repository": {"full_name": format!("acme/g{group}")}, "sender": {"login": "mona"}
    });
    vendor::github("push", &format!("push-{number}"), &body)
}

async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}
