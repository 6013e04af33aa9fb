//! The examples in `deploy/`: their configs pass the check, and webhooks pass through real proxies with theirs, where
//! nginx and Caddy are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assert_cmd::Command as Run;
use serde_json::json;
use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

use crate::process::{Process, Site};
use crate::relay::{PATIENCE, free_port};
use crate::vendor;

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(path);
    fs::read_to_string(&path).unwrap()
}

/// What the checker says of a config, with something for each variable that it names.
fn check(config: &str) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("hookbell.toml"), config).unwrap();
    let mut command = Run::cargo_bin("hookbell").unwrap();
    command
        .current_dir(folder.path())
        .args(["check", "--config", "hookbell.toml"]);
    for name in config.split("env = \"").skip(1) {
        let name = name.split('"').next().unwrap();
        let value = match name {
            "DATABASE_URL" => "postgres://hookbell@db/hookbell",
            name if name.ends_with("WEBHOOK") => {
                "https://oapi.dingtalk.com/robot/send?access_token=x"
            }
            _ => "SECx",
        };
        command.env(name, value);
    }
    command.assert().success();
}

#[test]
fn the_configs_of_the_kubernetes_examples_are_good() {
    for file in ["kubernetes/sidecar.yaml", "kubernetes/replicas.yaml"] {
        let parts = YamlLoader::load_from_str(&example(file)).unwrap();
        let configs: Vec<&str> = parts
            .iter()
            .filter_map(|part| part["data"]["hookbell.toml"].as_str())
            .collect();
        assert_eq!(configs.len(), 1, "{file}");
        check(configs[0]);
        // Everything that is named is there.
        let names = |kind: &str| -> Vec<&str> {
            let of_kind = parts
                .iter()
                .filter(|part| part["kind"].as_str() == Some(kind));
            of_kind
                .filter_map(|part| part["metadata"]["name"].as_str())
                .collect()
        };
        for part in parts
            .iter()
            .filter(|part| part["kind"].as_str() == Some("Deployment"))
        {
            let pod = &part["spec"]["template"];
            assert_eq!(
                part["spec"]["selector"]["matchLabels"],
                pod["metadata"]["labels"]
            );
            for volume in pod["spec"]["volumes"].as_vec().unwrap() {
                let claim = &volume["persistentVolumeClaim"]["claimName"];
                let known = match (volume["configMap"]["name"].as_str(), claim.as_str()) {
                    (Some(name), _) => names("ConfigMap").contains(&name),
                    (_, Some(name)) => names("PersistentVolumeClaim").contains(&name),
                    _ => false,
                };
                assert!(known, "{file}: {volume:?}");
            }
        }
        assert!(!parts.contains(&Yaml::BadValue));
    }
}

#[test]
fn the_configs_in_the_readme_of_the_examples_are_good() {
    let page = example("README.md");
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).collect();
    assert_eq!(blocks.len(), 1);
    check(blocks[0].split("```").next().unwrap());
}

/// A proxy, running.
struct Proxy {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program is there. CI must have it.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    assert!(
        found || std::env::var_os("HOOKBELL_CI").is_none(),
        "CI must have {program}"
    );
    found
}

fn port() -> u16 {
    free_port().local_addr().unwrap().port()
}

/// nginx with the example, but for TLS, its port and its files.
fn nginx(relay: &Process) -> Proxy {
    let folder = TempDir::new().unwrap();
    let (port, here) = (port(), folder.path().display().to_string());
    let example = example("nginx/hookbell.conf")
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port}"))
        .replace("/var/log/nginx", &here)
        .replace(
            "127.0.0.1:8080",
            relay.address.trim_start_matches("http://"),
        );
    let without_tls = example
        .lines()
        .filter(|line| !line.contains("ssl_") && !line.contains("[::]"));
    let site: Vec<&str> = without_tls.collect();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {here}/{what};"));
    let config = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/error.log; events {{}} http {{ {} {} }}",
        temp.join(" "),
        site.join("\n")
    );
    fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new("nginx");
        let error_log = folder.path().join("error.log");
        command
            .arg("-e")
            .arg(error_log)
            .arg("-p")
            .arg(folder.path());
        command.args(["-c", "nginx.conf"]).args(words);
        command
    };
    let tested = run(&["-t"]).output().unwrap();
    assert!(
        tested.status.success(),
        "{}",
        String::from_utf8_lossy(&tested.stderr)
    );
    let child = run(&[]).spawn().unwrap();
    Proxy {
        child,
        address: format!("http://127.0.0.1:{port}/hookbell"),
        _folder: folder,
    }
}

/// Caddy with the example, but for TLS and its port.
fn caddy(relay: &Process) -> Proxy {
    let folder = TempDir::new().unwrap();
    let port = port();
    let site = example("caddy/Caddyfile")
        .replace("example.com {", &format!("http://127.0.0.1:{port} {{"))
        .replace(
            "127.0.0.1:8080",
            relay.address.trim_start_matches("http://"),
        );
    let file: PathBuf = folder.path().join("Caddyfile");
    fs::write(&file, format!("{{\n\tadmin off\n}}\n{site}")).unwrap();
    let child = Command::new("caddy")
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("HOME", folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Proxy {
        child,
        address: format!("http://127.0.0.1:{port}/hookbell"),
        _folder: folder,
    }
}

/// Posts through a proxy as soon as it listens.
async fn post(proxy: &Proxy, webhook: &vendor::Webhook, claimed: Option<&str>) -> u16 {
    let http = reqwest::Client::new();
    let url = format!("{}/hooks/{}", proxy.address, webhook.source);
    let attempts = async {
        loop {
            let mut request = http.post(&url).body(webhook.body.clone());
            for (name, value) in &webhook.headers {
                request = request.header(name, value);
            }
            if let Some(claimed) = claimed {
                request = request.header("x-forwarded-for", claimed);
            }
            match request.send().await {
                Ok(answer) => return answer.status().as_u16(),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, attempts)
        .await
        .expect("the proxy does not listen")
}

/// A push of 2 MB, which is more than nginx takes by default.
fn large_push(id: &str) -> vendor::Webhook {
    let body = json!({"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"},
        "sender": {"login": "mona"}, "padding": "x".repeat(2_000_000)});
    vendor::github("push", id, &body)
}

async fn proxied(program: &str, start: impl Fn(&Process) -> Proxy, narrow: [u16; 2]) {
    if !is_installed(program) {
        return;
    }
    let site = Site::new().await;
    let file = site.folder.path().join("hookbell.toml");
    let config = fs::read_to_string(&file).unwrap();
    let source = "[sources.narrow]\nkind = \"github\"\ninsecure = true\nallow = [\"192.0.2.7\"]\n";
    fs::write(&file, format!("{config}{source}")).unwrap();
    let mut command = site.command(&["serve"]);
    command.env("HOOKBELL__SERVER__TRUSTED_PROXIES", "127.0.0.1");
    let relay = Process::start(&mut command);
    let proxy = start(&relay);
    assert_eq!(
        post(&proxy, &large_push("d-1"), None).await,
        202,
        "{program}"
    );
    site.messages(1).await;
    let mut elsewhere = large_push("d-2");
    elsewhere.source = "narrow".into();
    let seen = [
        post(&proxy, &elsewhere, None).await,
        post(&proxy, &elsewhere, Some("192.0.2.7")).await,
    ];
    assert_eq!(seen, narrow, "{program}");
    drop(proxy);
    relay.terminate();
}

/// The client is on this machine too, which is trusted, so what it claims is believed where the proxy hands it on.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_passes_through_nginx_under_a_path_with_its_clients_address() {
    proxied("nginx", nginx, [403, 202]).await;
}

/// Caddy does not hand on what a client claims.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_passes_through_caddy_under_a_path_with_its_clients_address() {
    proxied("caddy", caddy, [403, 403]).await;
}
