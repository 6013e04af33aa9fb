//! `hookbell doctor`: the real command, against the sandbox with its ordered faults.

use std::fs;
use std::io::{Read, Write};

use hookbell::sandbox::{Order, Trouble};

use crate::process::{Site, issue};
use crate::relay::free_port;

/// What the command prints, and how it ends.
fn doctor(site: &Site, words: &[&str]) -> (String, Option<i32>) {
    let output = site
        .command(&[&["doctor"], words].concat())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(!told.contains("=backend"), "a token is shown:\n{told}");
    let errors = String::from_utf8(output.stderr).unwrap();
    (told + &errors, output.status.code())
}

fn change(site: &Site, from: &str, to: &str) {
    let file = site.folder.path().join("hookbell.toml");
    let config = fs::read_to_string(&file).unwrap();
    assert!(config.contains(from), "{config}");
    fs::write(file, config.replace(from, to)).unwrap();
}

fn assert_has(told: &str, expected: &[&str]) {
    for words in expected {
        assert!(told.contains(words), "{words:?} is not in:\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_in_order_is_told_so_and_nothing_is_posted_unless_asked_for() {
    let site = Site::new().await;
    let (told, code) = doctor(&site, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert_has(
        &told,
        &[
            "✓ config: it is good\n",
            "✓ store: it can be written",
            "✓ waiting: nothing\n",
            "✓ dead letters: none\n",
            "✓ clock: it agrees with 127.0.0.1\n",
            "✓ bot backend: signed, 127.0.0.1 can be reached, 0 of 20 this minute\n",
            "Nothing is wrong as far as can be told without posting",
        ],
    );
    assert!(site.sandbox.messages().is_empty());

    let (told, code) = doctor(&site, &["--send"]);
    assert_eq!(code, Some(0), "{told}");
    assert_has(
        &told,
        &["✓ message through bot backend: posted to backend\n"],
    );
    assert_eq!(site.sandbox.messages().len(), 1);
    let (told, _) = doctor(&site, &[]);
    assert_has(&told, &["1 of 20 this minute"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_of_a_bot_is_told_apart_with_what_to_do() {
    let table = [
        (Trouble::Keyword, "310000", "keywords in the configuration"),
        (
            Trouble::Sign,
            "310000",
            "paste the bot's secret (SEC…) again",
        ),
        (Trouble::Clock, "310000", "set this server's clock"),
        (Trouble::Address, "310000", "public IPv4 address"),
        (
            Trouble::UnknownToken,
            "300005",
            "the bot was removed, or the URL is wrong",
        ),
        (Trouble::Disabled, "400102", "switch it on"),
        (Trouble::Removed, "400106", "removed from the group"),
        (Trouble::Disbanded, "400013", "disbanded"),
        (Trouble::Quota, "90020", "monthly quota"),
        (Trouble::Http { status: 302 }, "HTTP 302", "sends elsewhere"),
        (
            Trouble::ResetBefore,
            "no answer",
            "broke before an answer came",
        ),
    ];
    let site = Site::new().await;
    for (trouble, number, advice) in table {
        site.sandbox.order(Order::next(1, trouble.clone()));
        // The question without a message uses no order up: it is no post.
        let (told, code) = doctor(&site, &["--send"]);
        assert_eq!(code, Some(1), "{trouble:?}:\n{told}");
        assert_has(
            &told,
            &[
                "✗ message through bot backend: ",
                &format!("({number})"),
                advice,
                "1 thing is wrong",
            ],
        );
    }
    assert!(site.sandbox.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_hours_off_is_told_by_the_date_of_the_answer() {
    let site = Site::new().await;
    let listener = free_port();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let answer = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 2\r\n\
                          Connection: close\r\n\r\n{}";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let config = fs::read_to_string(site.folder.path().join("hookbell.toml")).unwrap();
    let host = config.split("webhook = \"http://").nth(1).unwrap();
    let host = host.split('/').next().unwrap();
    change(&site, host, &address.to_string());
    let (told, code) = doctor(&site, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert_has(
        &told,
        &[
            "✗ clock: this server's clock is ",
            " ahead of 127.0.0.1; DingTalk refuses signatures that are an hour off",
            "NTP",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_there_and_settings_that_look_cut_off_are_told() {
    let site = Site::new().await;
    let port = free_port().local_addr().unwrap().port();
    let config = fs::read_to_string(site.folder.path().join("hookbell.toml")).unwrap();
    let host = config.split("webhook = \"http://").nth(1).unwrap();
    let host = host.split('/').next().unwrap();
    change(&site, host, &format!("127.0.0.1:{port}"));
    change(&site, "secret = \"SECbackend\"", "secret = \"backend\"");
    let (told, code) = doctor(&site, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert_has(
        &told,
        &[
            "✗ bot backend: 127.0.0.1 cannot be reached\n    look at this server's network and firewall\n",
            "! bot backend: DingTalk's signing secrets begin with SEC and this one does not\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_died_is_counted_and_a_group_that_is_gone_is_wrong() {
    let site = Site::new().await;
    let http = reqwest::Client::new();
    let too_long = Trouble::Http { status: 413 };
    site.sandbox.order(Order::next(1, too_long));
    let relay = site.serve();
    assert!(relay.post(&http, issue(1)).await);
    assert!(relay.post(&http, issue(2)).await);
    site.messages(1).await;
    relay.terminate();
    let relay = site.serve_as("ingest");
    assert!(relay.post(&http, issue(3)).await);
    let (told, code) = doctor(&site, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert_has(
        &told,
        &[
            "! dead letters: 1 waits for a person\n    `hookbell dead list`",
            "✓ waiting: 1 message waits for backend, the oldest since ",
        ],
    );
    change(&site, "backend\"]", "other\"]");
    change(&site, "[groups.backend]", "[groups.other]");
    let (told, code) = doctor(&site, &[]);
    relay.terminate();
    assert_eq!(code, Some(1), "{told}");
    assert_has(
        &told,
        &[
            "✗ waiting: 1 message waits for backend",
            "the config has no such group",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_or_store_that_is_broken_is_told_first() {
    let site = Site::new().await;
    fs::write(site.folder.path().join("broken.db"), "this is no database").unwrap();
    let mut command = site.command(&["doctor"]);
    command.env("HOOKBELL__STORE__URL", "sqlite:broken.db");
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_has(&told, &["✗ store: broken.db", "store.url", "✓ bot backend"]);
    change(&site, "[\"backend\"]", "[\"bakend\"]");
    let (told, code) = doctor(&site, &[]);
    assert_eq!(code, Some(1));
    assert_has(&told, &["the config has 1 problem"]);
}
