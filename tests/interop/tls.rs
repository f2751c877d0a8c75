// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading a repository over TLS, from Python's web server with a certificate of OpenSSL's.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::runner::{Run, Sandbox};
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("a_repository_is_read_over_tls", NEEDS, |_: &Release| good()),
    ("a_certificate_that_nobody_vouches_for_is_refused", NEEDS, |_: &Release| unknown()),
    ("a_certificate_of_another_host_is_refused", NEEDS, |_: &Release| another_host()),
    ("a_redirect_away_from_tls_is_refused", NEEDS, |_: &Release| downgrade()),
];

const NEEDS: &[&str] = &["openssl", "python3"];

/// Serves a folder over TLS, or sends every request to another address.
const SERVER: &str = r#"
import http.server, ssl, sys
folder, certificate, elsewhere = sys.argv[1:]
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def __init__(self, *args):
        super().__init__(*args, directory=folder)
    def do_GET(self):
        if not elsewhere:
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", elsewhere + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

struct Site {
    sandbox: Sandbox,
    server: Child,
    url: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Site {
    /// An empty repository over TLS, with a certificate for that host.
    fn new(host: &str, elsewhere: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.run(&["repo", "init", "repo", "--keys", "keys"]).success();
        let (certificate, key) = (sandbox.path("certificate.pem"), sandbox.path("key.pem"));
        run(Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"])
            .args(["-days", "3650", "-subj", "/CN=test", "-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", &format!("subjectAltName={host}"), "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate));
        sandbox.write("both.pem", [sandbox.read("key.pem"), sandbox.read("certificate.pem")].concat());
        let mut server = Command::new("python3")
            .args(["-I", "-c", SERVER])
            .args([sandbox.path("repo"), sandbox.path("both.pem"), elsewhere.into()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut port = String::new();
        BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut port).expect("a port");
        let url = format!("https://127.0.0.1:{}", port.trim());
        Self { sandbox, server, url }
    }

    fn ls(&self, trusted: bool) -> Run {
        let mut command = self.sandbox.command(&["--log-style", "plain", "ls", "--root", "repo/root.json"]);
        command.args(["--from", &self.url]);
        if trusted {
            command.env("SSL_CERT_FILE", self.sandbox.path("certificate.pem"));
        }
        self.sandbox.finish(&mut command)
    }
}

fn good() {
    Site::new("IP:127.0.0.1", "").ls(true).success();
}

fn unknown() {
    let said = Site::new("IP:127.0.0.1", "").ls(false).failure(4);
    assert!(said.contains("invalid peer certificate"), "{said}");
}

fn another_host() {
    let said = Site::new("DNS:releases.example.org", "").ls(true).failure(4);
    assert!(said.contains("invalid peer certificate"), "{said}");
}

/// The place without TLS is never even asked.
fn downgrade() {
    let plain = TcpListener::bind("127.0.0.1:0").expect("a port");
    plain.set_nonblocking(true).expect("a socket");
    let address = format!("http://{}", plain.local_addr().expect("an address"));
    let said = Site::new("IP:127.0.0.1", &address).ls(true).failure(4);
    assert!(said.contains("it redirects from https to http"), "{said}");
    assert_eq!(plain.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
}
