// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The settings of an S3 client, by the names that every S3 tool has for them.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::{ClientOptions, RetryConfig};

use super::Settings;
use super::fault::{self, Doing};
use crate::model::{Class, Failure, Problem};

const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
const ALLOW_HTTP: &str = "AWS_ALLOW_HTTP";

/// What must not be set from outside: without conditional writes publishers overwrite each other's.
const OURS: [AmazonS3ConfigKey; 3] =
    [AmazonS3ConfigKey::ConditionalPut, AmazonS3ConfigKey::CopyIfNotExists, AmazonS3ConfigKey::Bucket];

/// How long is tried again what the server or the network failed at.
const PERSISTENCE: Duration = Duration::from_secs(60);

/// A client of a bucket whose requests may take so long.
pub(super) fn client(
    bucket: &str,
    settings: &Settings,
    patience: Duration,
    at: &str,
) -> Result<AmazonS3, Failure> {
    let options = ClientOptions::new().with_timeout(patience);
    let retry = RetryConfig { max_retries: 5, retry_timeout: PERSISTENCE, ..RetryConfig::default() };
    let builder = AmazonS3Builder::new()
        .with_client_options(options)
        .with_retry(retry)
        .with_conditional_put(S3ConditionalPut::ETagMatch);
    apply(builder, settings)?
        .with_bucket_name(bucket)
        .build()
        .map_err(|error| fault::s3(Doing::Read, at, &error))
}

fn apply(mut builder: AmazonS3Builder, settings: &Settings) -> Result<AmazonS3Builder, Failure> {
    for (name, value) in settings {
        // Programs of Amazon's read more variables than this client; an empty one is none.
        let key = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>();
        if let Ok(key) = key
            && name.starts_with("AWS_")
            && !value.is_empty()
            && !OURS.contains(&key)
        {
            builder = builder.with_config(key, value);
        }
    }
    let endpoint = ENDPOINTS.iter().find_map(|name| settings.get(*name).map(|value| (*name, value)));
    let Some((name, endpoint)) = endpoint.filter(|(_, value)| !value.is_empty()) else { return Ok(builder) };
    let url = url::Url::parse(endpoint).map_err(|error| {
        wrong(name, endpoint)
            .note(error.to_string())
            .help("expected an address, such as https://s3.example.org")
    });
    let url = url.map_err(|problem| Failure::new(Class::Usage, problem))?;
    if url.scheme() == "http" {
        if is_loopback(&url) {
            builder = builder.with_allow_http(true);
        } else if settings.get(ALLOW_HTTP).is_none_or(|value| value != "true") {
            let problem = wrong(name, endpoint)
                .note("over plain HTTP everybody on the way can read and change what is sent")
                .help(format!("use https, or set {ALLOW_HTTP}=true if you trust the network"));
            return Err(Failure::new(Class::Usage, problem));
        }
    }
    Ok(builder)
}

fn wrong(name: &str, endpoint: &str) -> Problem {
    Problem::new(format!("{name} is `{endpoint}`"))
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn plain_http_leaves_this_machine_only_when_asked_to() {
        let open = |pairs: &[(&str, &str)]| apply(AmazonS3Builder::new(), &settings(pairs)).map(drop);
        open(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")]).unwrap();
        open(&[("AWS_ENDPOINT_URL", "http://[::1]:9000")]).unwrap();
        open(&[("AWS_ENDPOINT_URL", "https://s3.example.org")]).unwrap();
        open(&[("AWS_ENDPOINT_URL", "")]).unwrap();
        let failure = open(&[("AWS_ENDPOINT_URL", "http://s3.example.org")]).unwrap_err();
        assert_eq!(failure.class, Class::Usage);
        open(&[("AWS_ENDPOINT_URL", "http://s3.example.org"), ("AWS_ALLOW_HTTP", "true")]).unwrap();
        open(&[("AWS_ENDPOINT_URL", "nonsense")]).unwrap_err();
    }

    #[test]
    fn conditional_writes_cannot_be_turned_off() {
        let builder = apply(
            AmazonS3Builder::new(),
            &settings(&[("AWS_CONDITIONAL_PUT", "disabled"), ("AWS_REGION", "x")]),
        );
        let builder = builder.unwrap();
        let value = |key| builder.get_config_value(&key);
        assert_eq!(value(AmazonS3ConfigKey::ConditionalPut).as_deref(), Some("etag"));
        assert_eq!(value(AmazonS3ConfigKey::Region).as_deref(), Some("x"));
    }
}
