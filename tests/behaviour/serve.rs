// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository served over loopback: what a client gets, and what nobody gets.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use lustre_dist::serve::{Log, Served, Server};

use super::runner::Sandbox;
use super::vendor::Vendor;

/// Remembers every request.
#[derive(Default)]
struct Heard(Mutex<Vec<Served>>);

impl Log for Heard {
    fn served(&self, served: &Served) {
        self.0.lock().unwrap().push(served.clone());
    }
}

/// A sandbox whose folder `repo` is served.
struct Site {
    sandbox: Sandbox,
    address: SocketAddr,
    heard: Arc<Heard>,
}

/// An answer, with its header's names in lower case.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name))
            .map(|(_, v)| v)
    }

    #[track_caller]
    fn told(&self) -> (u16, &str) {
        (self.status, std::str::from_utf8(&self.body).unwrap())
    }
}

impl Site {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("repo/metadata/timestamp.json", "{}");
        sandbox.write("repo/digits", "0123456789");
        sandbox.write("repo/empty.json", "");
        let server = Server::bind(&sandbox.path("repo"), "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = server.address();
        let heard = Arc::new(Heard::default());
        let log: Arc<dyn Log> = heard.clone();
        std::thread::spawn(move || server.run(log));
        Self { sandbox, address, heard }
    }

    /// Sends a request with these lines, and reads all that comes back.
    fn ask(&self, lines: &[&str]) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = format!("{}\r\nHost: localhost\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head, body: answer[end + 4..].to_vec() }
    }

    fn get(&self, path: &str) -> Reply {
        self.ask(&[&format!("GET {path} HTTP/1.1")])
    }

    fn part(&self, range: &str) -> Reply {
        self.ask(&["GET /digits HTTP/1.1", &format!("Range: {range}")])
    }
}

#[test]
fn files_come_whole_in_part_or_not_at_all() {
    let site = Site::new();
    let whole = site.get("/digits");
    assert_eq!(whole.told(), (200, "0123456789"));
    assert_eq!(whole.header("content-length"), Some("10"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");

    let head = site.ask(&["HEAD /digits HTTP/1.1", "Range: bytes=0-1"]);
    assert_eq!((head.told(), head.header("content-length")), ((200, ""), Some("10")));
    assert_eq!(head.header("etag"), Some(&*tag));

    for (range, status, body, content_range) in [
        ("bytes=0-0", 206, "0", Some("bytes 0-0/10")),
        ("bytes=7-", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("bytes=5-99", 206, "56789", Some("bytes 5-9/10")),
        ("bytes=10-", 416, "", Some("bytes */10")),
        ("bytes=-0", 416, "", Some("bytes */10")),
        ("bytes=1-2,5-6", 200, "0123456789", None),
        ("lines=1-2", 200, "0123456789", None),
    ] {
        let reply = site.part(range);
        assert_eq!((reply.told(), reply.header("content-range")), ((status, body), content_range), "{range}");
        assert_eq!(reply.header("etag"), Some(&*tag), "{range}");
    }
    assert_eq!(site.get("/empty.json").told(), (200, ""));
    assert_eq!(site.ask(&["GET /empty.json HTTP/1.1", "Range: bytes=0-"]).status, 416);

    // What a client has is not sent again, and what it has of another file is not completed.
    let with = |header: &str| site.ask(&["GET /digits HTTP/1.1", header]).told().0;
    assert_eq!(with(&format!("If-None-Match: {tag}")), 304);
    assert_eq!(with(&format!("If-None-Match: \"x\", W/{tag}")), 304);
    assert_eq!(with("If-None-Match: *"), 304);
    assert_eq!(with("If-None-Match: \"x\""), 200);
    assert_eq!(with(&format!("If-Match: {tag}")), 200);
    assert_eq!(with("If-Match: \"x\""), 412);
    let resumed = |tag: &str| {
        site.ask(&["GET /digits HTTP/1.1", "Range: bytes=7-", &format!("If-Range: {tag}")]).told().0
    };
    assert_eq!(resumed(&tag), 206);
    assert_eq!(resumed("\"x\""), 200);
    assert_eq!(resumed(&format!("W/{tag}")), 200);
    assert_eq!(resumed("Mon, 23 Nov 2026 00:00:00 GMT"), 200);

    // A file of the same size and time in its place has another tag.
    let time = fs::metadata(site.sandbox.path("repo/digits")).unwrap().modified().unwrap();
    site.sandbox.write("repo/.new", "9876543210");
    fs::File::options()
        .write(true)
        .open(site.sandbox.path("repo/.new"))
        .and_then(|file| file.set_modified(time))
        .unwrap();
    fs::rename(site.sandbox.path("repo/.new"), site.sandbox.path("repo/digits")).unwrap();
    assert_eq!(resumed(&tag), 200);
    assert_ne!(site.get("/digits").header("etag"), Some(&*tag));
}

#[test]
fn a_large_file_comes_as_it_is_and_the_log_counts_it() {
    let site = Site::new();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    site.sandbox.write("repo/lts-6.12/lustre-2.18.0+k6.12.58.tar.xz", &large);
    let path = "/lts-6.12/lustre-2.18.0%2Bk6.12.58.tar.xz";
    let reply = site.get(path);
    assert!(reply.body == large, "{} bytes of {}", reply.body.len(), large.len());
    assert_eq!(reply.header("content-type"), Some("application/x-xz"));
    assert_eq!(reply.header("content-encoding"), None);
    let plain = site.ask(&[
        "GET /lts-6.12/lustre-2.18.0+k6.12.58.tar.xz HTTP/1.1",
        "Range: bytes=5000000-",
        "Accept-Encoding: gzip",
    ]);
    assert!(plain.status == 206 && plain.body == large[5_000_000..]);
    let heard = site.heard.0.lock().unwrap();
    let length = large.len() as u64;
    assert!(
        heard.iter().any(|one| (&*one.path, one.status, one.sent, one.length) == (path, 200, length, length)),
        "{heard:?}"
    );
}

#[test]
fn folders_have_their_page() {
    let site = Site::new();
    assert_eq!(site.get("/").status, 404);
    site.sandbox.write("repo/index.html", "<p>top</p>");
    site.sandbox.write("repo/lts-6.12/index.html", "<p>line</p>");
    let top = site.get("/");
    assert_eq!(top.told(), (200, "<p>top</p>"));
    assert_eq!(top.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(site.get("/?query").status, 200);
    assert_eq!(site.get("/lts-6.12/").told(), (200, "<p>line</p>"));
    let moved = site.get("/lts-6.12");
    assert_eq!((moved.status, moved.header("location")), (301, Some("/lts-6.12/")));
    assert_eq!(site.get("/metadata/").status, 404);
    assert_eq!(site.get("/digits/").status, 404);
}

#[test]
fn nothing_else_is_ever_served() {
    let site = Site::new();
    let sandbox = &site.sandbox;
    sandbox.write("secret", "secret");
    sandbox.write("repo/.git/config", "secret");
    sandbox.write("repo/.lock", "secret");
    sandbox.write("repo/lts-6.12/.part", "secret");
    for (link, target) in [
        ("repo/out", "../secret"),
        ("repo/root", "/"),
        ("repo/hidden", ".lock"),
        ("repo/inner", "digits"),
        ("repo/lts-6.12/up", ".."),
    ] {
        symlink(target, sandbox.path(link)).unwrap();
    }
    let pipe = std::process::Command::new("mkfifo").arg(sandbox.path("repo/pipe")).status();
    assert!(pipe.unwrap().success());
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/lts-6.12/../../secret",
        "/lts-6.12/..",
        "/./digits",
        "//digits",
        "/lts-6.12//x",
        "/.git/config",
        "/.lock",
        "/%2elock",
        "/lts-6.12/.part",
        "/out",
        "/root/etc/passwd",
        "/hidden",
        "/inner",
        "/lts-6.12/up/secret",
        "/lts-6.12/up/",
        "/pipe",
        "/digits%00",
        "/nothing",
        "http://localhost/../secret",
    ] {
        let reply = site.get(path);
        assert_eq!(reply.told(), (404, "404 Not Found\n"), "{path}");
    }
    assert_eq!(site.get("http://localhost/digits").status, 200);
    for path in ["/%", "/%zz", "*"] {
        assert_eq!(site.get(path).status, 400, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        let reply = site.ask(&[&format!("{method} /digits HTTP/1.1"), "Content-Length: 0"]);
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(sandbox.read("repo/digits"), "0123456789");
}

#[test]
fn the_program_says_where_it_serves_and_ends_on_a_signal() {
    let sandbox = Sandbox::new();
    sandbox.write("re po/metadata/timestamp.json", "{}");
    sandbox.write("re po/lts-6.12/a", "a");
    let mut child = sandbox
        .command(&["serve", "re po", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.by_ref().take(5).map(Result::unwrap).collect();
    let address = said[0].strip_prefix("http://").and_then(|said| said.strip_suffix('/')).unwrap().to_owned();
    insta::assert_snapshot!(said.join("\n").replace(&address, "[ADDRESS]"), @"
    http://[ADDRESS]/

      lustre-dist ls --from http://[ADDRESS] --root 're po/root.json'
      lustre-dist fetch latest --from http://[ADDRESS] --root 're po/root.json'
      lustre-dist fetch lts-6.12 --from http://[ADDRESS] --root 're po/root.json' --unpack
    ");
    let site = Site { sandbox, address: address.parse().unwrap(), heard: Arc::default() };
    assert_eq!(site.get("/lts-6.12/a").told(), (200, "a"));
    assert_eq!(site.get("/lts-6.12/b").status, 404);
    let taken = site.address.port().to_string();
    let failed = site.sandbox.run(&["serve", "re po", "--port", &taken]).failure(8);
    insta::assert_snapshot!(failed.replace(&address, "[ADDRESS]"), @"
    error: cannot listen on [ADDRESS]
     = note: Address already in use (os error 98)
     = help: another program does; `--port 0` takes a port that is free
    ");
    // SAFETY: it sends a signal to a process that was started here and is not waited for yet.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(ended.stderr).unwrap(), @"
    200      1 B  GET /lts-6.12/a
    404     14 B  GET /lts-6.12/b
    ");
}

#[test]
fn a_folder_that_is_no_repository_is_not_served() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/file", "");
    insta::assert_snapshot!(sandbox.run(&["serve", "folder"]).failure(2), @"
    error: `folder` is not the folder of a repository
     = note: it has no `metadata/timestamp.json`
     = help: `lustre-dist publish RELEASE --to FOLDER --init` makes one
    ");
    insta::assert_snapshot!(sandbox.run(&["serve", "nowhere"]).failure(2), @"
    error: `nowhere` is not the folder of a repository
     = note: it has no `metadata/timestamp.json`
     = help: `lustre-dist publish RELEASE --to FOLDER --init` makes one
    ");
}

/// The three lines that it prints work as they are, and a tree has its modes whatever the umask.
#[test]
fn the_lines_that_it_prints_fetch_from_it() {
    let sandbox = Sandbox::new();
    let _vendor = Vendor::usual(&sandbox);
    let mut child =
        sandbox.command(&["--quiet", "serve", "repo", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.take(5).map(Result::unwrap).collect();
    for line in &said[2..] {
        let program = env!("CARGO_BIN_EXE_lustre-dist");
        let script = format!("umask 077; {}", line.trim().replacen("lustre-dist", "exec \"$0\"", 1));
        let command = sandbox.command(&[]);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, program]).current_dir(sandbox.path(""));
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sandbox.finish(&mut shell).success();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let below = sandbox.list("lustre-2.17.0").into_iter().map(|path| format!("lustre-2.17.0/{path}"));
    for path in below.chain(["lustre-2.17.0".into()]) {
        let stat = sandbox.path(&path).symlink_metadata().unwrap();
        let mode = if stat.is_dir() { 0o755 } else { 0o644 };
        assert_eq!(stat.permissions().mode() & 0o7777, mode, "{path}");
    }
    assert_eq!(sandbox.read("lustre-2.17.0/VERSION"), "2.17.0");
}
