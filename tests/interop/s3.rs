// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Publishing to an S3 store: moto's server on loopback, as it is and behind servers that do worse.

mod worse;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use lustre_dist::store::{Created, Replaced, Settings, Store};

use crate::published::{TITLE, derived, fake, released, whole};
use crate::runner::{Run, Sandbox};
use crate::{Case, Release, python, run};
use worse::Worse;

pub const CASES: &[Case] = &[
    ("s3_keeps_conditions_when_eight_write_at_once", &["python:moto"], conditions),
    ("s3_is_published_to_and_read_over_http", &["python:moto"], published),
    ("s3_takes_several_publishers_at_once", &["python:moto"], at_once),
    ("s3_that_ignores_conditions_is_found", &["python:moto"], unmasked),
    ("s3_that_fails_now_and_then_is_lived_with", &["python:moto"], flaky),
];

const BUCKET: &str = "releases";

/// A server that ends with the test.
struct Moto {
    child: Child,
    at: SocketAddr,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
        let mut server = Command::new(python());
        server.args(["-I", "-m", "moto.server", "-H", "127.0.0.1", "-p", &free.port().to_string()]);
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("moto runs");
        let moto = Self { child, at: free };
        let started = Instant::now();
        while TcpStream::connect(free).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "moto does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Everybody may read, as where releases are served from the bucket itself.
        let make = format!(
            "import boto3, json\n\
             s3 = boto3.client('s3', endpoint_url='http://{free}', region_name='us-east-1',\n\
             \x20 aws_access_key_id='key', aws_secret_access_key='secret')\n\
             s3.create_bucket(Bucket='{BUCKET}')\n\
             allow = dict(Effect='Allow', Principal='*', Action='s3:GetObject', Resource='arn:aws:s3:::{BUCKET}/*')\n\
             policy = dict(Version='2012-10-17', Statement=[allow])\n\
             s3.put_bucket_policy(Bucket='{BUCKET}', Policy=json.dumps(policy))\n"
        );
        run(Command::new(python()).args(["-I", "-c", &make]));
        moto
    }
}

fn settings(at: SocketAddr) -> Settings {
    [
        ("AWS_ENDPOINT_URL", format!("http://{at}")),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn open(at: SocketAddr, prefix: &str) -> Store {
    Store::open(&format!("s3://{BUCKET}/{prefix}"), &settings(at)).expect("a store")
}

/// `publish` with further arguments.
fn command(sandbox: &Sandbox, at: SocketAddr, release: &str, more: &[&str]) -> Command {
    let to = format!("s3://{BUCKET}/lustre");
    let args = ["publish", release, "--to", &to, "--keys", "keys", "-q"];
    let mut command = sandbox.command(&[&args[..], more].concat());
    command.envs(settings(at));
    command
}

fn publish(sandbox: &Sandbox, at: SocketAddr, release: &str, more: &[&str]) -> Run {
    sandbox.finish(&mut command(sandbox, at, release, more))
}

const FIRST: [&str; 2] = ["--init", "--publish-unsigned"];
const UNCHECKED: [&str; 2] = ["--steps", "upload,verify,index"];

fn titles(sandbox: &Sandbox, at: SocketAddr) -> BTreeSet<String> {
    let root = std::fs::read(sandbox.path("keys/root.json")).expect("a pinned root");
    let store = open(at, "lustre");
    derived(&store, &root);
    whole(&store, &root, &mut BTreeSet::new())
}

/// How many of eight that write at once are told that they did.
fn winners(write: &(dyn Fn(&[u8]) -> bool + Sync)) -> usize {
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u8)
            .map(|nth| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    write(&[nth; 50_000])
                })
            })
            .collect();
        writers.into_iter().map(|one| one.join().expect("a writer")).filter(|won| *won).count()
    })
}

fn conditions(_: &Release) {
    let moto = Moto::start();
    let store = open(moto.at, "a/b");
    store.probe().expect("a store that keeps conditions");
    assert_eq!(store.list("").expect("a list"), [], "the probe leaves nothing");
    for round in 0..5 {
        let path = format!("objects/{round}+x");
        assert_eq!(winners(&|bytes| store.create(&path, bytes).expect("an answer") == Created::New), 1);
        let (first, stamp) = store.read(&path, 1 << 20).expect("readable").expect("there");
        assert_eq!(store.create(&path, &first).expect("an answer"), Created::Same);
        let replaced = winners(&|bytes| {
            let bytes = [bytes, b"more"].concat();
            store.replace(&path, &bytes, Some(&stamp)).expect("an answer") == Replaced::Done
        });
        assert_eq!(replaced, 1);
    }
    assert_eq!(store.list("objects").expect("a list").len(), 5);
    assert_eq!(store.read("nothing", 10).expect("an answer"), None);
    let failure =
        Store::open("s3://elsewhere/x", &settings(moto.at)).expect("a store").read("y", 10).unwrap_err();
    assert_eq!(failure.class.exit_code(), 4, "{failure:?}");
    assert_eq!(failure.problems[0].title, "cannot read `s3://elsewhere/x`");
}

fn published(_: &Release) {
    let moto = Moto::start();
    let sandbox = released();
    publish(&sandbox, moto.at, "dist/lustre-2.17.57", &FIRST).success();
    let public = format!("http://{}/{BUCKET}/lustre", moto.at);
    let more = fake(&sandbox, "2.17.58+k6.12.58");
    publish(&sandbox, moto.at, &more, &[&UNCHECKED[..], &["--public-url", &public]].concat()).success();
    let expected = BTreeSet::from([TITLE.to_owned(), "lustre-2.17.58+k6.12.58".to_owned()]);
    assert_eq!(titles(&sandbox, moto.at), expected);
    let before = open(moto.at, "").list("").expect("a list");
    publish(&sandbox, moto.at, &more, &UNCHECKED).success();
    assert_eq!(open(moto.at, "").list("").expect("a list"), before);
    shown(&public);
    let to = format!("s3://{BUCKET}/lustre");
    let args = ["retract", "2.17.57", "--reason", "a trial", "--from", &to, "--keys", "keys"];
    sandbox.finish(sandbox.command(&args).envs(settings(moto.at))).success();
    assert_eq!(titles(&sandbox, moto.at), expected);
}

/// A browser is told what the pages are, and a cache which objects change.
fn shown(public: &str) {
    let told = |path: &str| {
        let client = reqwest::blocking::Client::builder().no_proxy().build().expect("a client");
        let answer = client.get(format!("{public}/{path}")).send().expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        [header("content-type"), header("cache-control")].map(|value| value.unwrap_or("-").to_owned())
    };
    for (path, expected) in [
        ("index.html", ["text/html; charset=utf-8", "no-cache"]),
        ("style.css", ["text/css; charset=utf-8", "no-cache"]),
        ("site.js", ["text/javascript; charset=utf-8", "no-cache"]),
        ("releases.json", ["application/json", "no-cache"]),
        ("metadata/timestamp.json", ["application/json", "no-cache"]),
        ("metadata/2.targets.json", ["application/json", "-"]),
        ("lts-6.12/SHA256SUMS", ["text/plain; charset=utf-8", "no-cache"]),
        ("lts-6.12/lustre-2.17.57.SHA256SUMS", ["text/plain; charset=utf-8", "-"]),
    ] {
        assert_eq!(told(path), expected, "{path}");
    }
}

fn at_once(_: &Release) {
    let moto = Moto::start();
    let sandbox = released();
    publish(&sandbox, moto.at, "dist/lustre-2.17.57", &FIRST).success();
    let releases: Vec<String> = (60..64).map(|nth| fake(&sandbox, &format!("2.17.{nth}"))).collect();
    let runs: Vec<_> = releases
        .iter()
        .map(|release| {
            let mut one = command(&sandbox, moto.at, release, &UNCHECKED);
            one.stdout(Stdio::null()).spawn().expect("the program runs")
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    assert_eq!(titles(&sandbox, moto.at).len(), 5);
}

fn unmasked(_: &Release) {
    let moto = Moto::start();
    for worse in [Worse::Ignores, Worse::LooksFirst] {
        let at = worse.start(moto.at);
        let sandbox = released();
        let said = publish(&sandbox, at, "dist/lustre-2.17.57", &FIRST).failure(8);
        assert!(said.contains("`s3://releases/lustre` cannot keep a repository safely"), "{said}");
        assert!(said.contains(" of 8 writers at once that they were the only one"), "{said}");
        let left = open(moto.at, "lustre").list("").expect("a list");
        assert_eq!(left, [], "{worse:?}");
    }
}

fn flaky(_: &Release) {
    let moto = Moto::start();
    let at = Worse::LosesAnswers.start(moto.at);
    let sandbox = released();
    publish(&sandbox, at, "dist/lustre-2.17.57", &FIRST).success();
    publish(&sandbox, at, &fake(&sandbox, "2.17.58"), &UNCHECKED).success();
    assert_eq!(titles(&sandbox, moto.at).len(), 2);
}
