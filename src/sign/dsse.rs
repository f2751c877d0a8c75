// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The provenance in a DSSE envelope: <https://github.com/secure-systems-lab/dsse>, protocol and
//! envelope version 1. Each signature is raw and named by its key's fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::files::{self, Added, What};
use super::ready::Ready;
use super::{Request, Signer, assured, circumstances, taken};
use crate::model::Failure;
use crate::signature::{Checked, Circumstances, Keys, MOST_SIGNATURES, Refusal, Why, raw};

/// The type of an in-toto statement.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    keyid: String,
    sig: String,
}

/// What a signature is made of: the pre-authentication encoding.
fn encoding(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend(payload);
    out
}

/// Puts the statement in an envelope with the signer's signature, beside those of others that are there
/// already. `None` where the key gives no raw signature out.
pub(super) fn seal(
    ready: &Ready,
    statement: &[u8],
    signer: &dyn Signer,
    request: &Request<'_>,
) -> Result<Option<Added>, Failure> {
    let Some((keyid, signature)) = signer.sign_raw(&encoding(statement)) else { return Ok(None) };
    let file = ready.names().envelope();
    let covers = ready.names().provenance();
    let circumstances = circumstances(request.now);
    let mut envelope = Envelope {
        payload: STANDARD.encode(statement),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: Vec::new(),
    };
    let mut what = What::Made;
    if let Some(bytes) = files::read_existing(ready.directory(), &file)? {
        what = What::Replaced;
        match serde_json::from_slice::<Envelope>(&bytes) {
            Ok(there) if there.payload == envelope.payload && there.payload_type == PAYLOAD_TYPE => {
                let checked = check(statement, &bytes, signer.keys(), circumstances);
                if let Some(good) = checked.good.into_iter().next() {
                    return Ok(Some(Added { file, covers, what: What::WasThere, good, bytes: None }));
                }
                // Others' signatures over the same statement stay.
                what = What::Joined;
                envelope.signatures = there.signatures;
                envelope.signatures.retain(|entry| entry.keyid != keyid);
            }
            _ if request.replace => {}
            _ => return Err(taken(ready.directory(), &file, request.kind)),
        }
    }
    envelope.signatures.push(Entry { keyid, sig: STANDARD.encode(signature) });
    let mut bytes = serde_json::to_vec_pretty(&envelope).expect("an envelope has a form in JSON");
    bytes.push(b'\n');
    let good = assured(check(statement, &bytes, signer.keys(), circumstances), &file)?;
    Ok(Some(Added { file, covers, what, good, bytes: Some(bytes) }))
}

/// Checks every signature of an envelope, and that it holds this statement.
pub(super) fn check(
    statement: &[u8],
    bytes: &[u8],
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> Checked {
    let help = "take the envelope from where it was published, unchanged";
    let refused = |why, text: String| Checked::refused(Refusal::new(why, text, help));
    let envelope: Envelope = match serde_json::from_slice(bytes) {
        Ok(envelope) => envelope,
        Err(error) => return refused(Why::Garbage, format!("it is not a DSSE envelope: {error}")),
    };
    if envelope.payload_type != PAYLOAD_TYPE {
        let text =
            format!("its payload is of the type `{}`, expected `{PAYLOAD_TYPE}`", envelope.payload_type);
        return refused(Why::WrongType, text);
    }
    if STANDARD.decode(&envelope.payload).ok().as_deref() != Some(statement) {
        return refused(Why::Mismatch, "it holds another statement than the one beside it".to_owned());
    }
    if envelope.signatures.is_empty() {
        return refused(Why::Garbage, "it holds no signature".to_owned());
    }
    if envelope.signatures.len() > MOST_SIGNATURES {
        return refused(Why::Garbage, format!("it holds more than {MOST_SIGNATURES} signatures"));
    }
    let message = encoding(statement);
    let verdicts: Vec<_> = envelope
        .signatures
        .iter()
        .map(|entry| match STANDARD.decode(&entry.sig) {
            Ok(signature) => raw::check(&message, &signature, &entry.keyid, keys, circumstances),
            Err(_) => Err(Refusal::new(Why::Garbage, "a signature is not base64", help)),
        })
        .collect();
    verdicts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        assert_eq!(encoding(b"{}"), b"DSSEv1 28 application/vnd.in-toto+json 2 {}");
    }
}
