// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys and signatures made by code, good ones and hostile ones, the same every time.

use base64::Engine as _;
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::{dsa, ecdsa, ed25519, eddsa_legacy, rsa};
use pgp::packet::{
    KeyFlags, PacketTrait as _, PubKeyInner, PublicKey, PublicSubkey, RevocationCode, SecretKey,
    SecretSubkey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{
    Duration, KeyDetails, KeyVersion, Password, PlainSecretParams, PublicParams, SecretParams, Tag, Timestamp,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// 2025-01-01, when keys are made unless a test says otherwise.
pub const CREATED: u32 = 1_735_689_600;

/// 2026-01-02T03:04:05Z, when things are signed; the date of the sandbox's commits and tags.
pub const SIGNED: u32 = 1_767_323_045;

/// 2026-06-01, when signatures are checked.
pub const NOW: u32 = 1_780_272_000;

/// A day.
pub const DAY: u32 = 86_400;

/// What a key is made of.
#[derive(Debug, Clone, Copy)]
pub enum Make {
    Ed25519,
    P256,
    Secp256k1,
    Rsa(usize),
    Dsa,
    /// Version 6 with the new Ed25519.
    V6,
}

impl Make {
    fn material(self, seed: u64) -> (KeyVersion, PublicKeyAlgorithm, PublicParams, PlainSecretParams) {
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let v4 = KeyVersion::V4;
        match self {
            Self::Ed25519 => {
                let key = ed25519::SecretKey::generate(rng, ed25519::Mode::EdDSALegacy);
                let public = PublicParams::EdDSALegacy((&key).into());
                let secret = PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(key));
                (v4, PublicKeyAlgorithm::EdDSALegacy, public, secret)
            }
            Self::V6 => {
                let key = ed25519::SecretKey::generate(rng, ed25519::Mode::Ed25519);
                let public = PublicParams::Ed25519((&key).into());
                (KeyVersion::V6, PublicKeyAlgorithm::Ed25519, public, PlainSecretParams::Ed25519(key))
            }
            Self::P256 | Self::Secp256k1 => {
                let curve = if matches!(self, Self::P256) { ECCCurve::P256 } else { ECCCurve::Secp256k1 };
                let key = ecdsa::SecretKey::generate(rng, &curve).expect("a key");
                let public = PublicParams::ECDSA((&key).try_into().expect("its public part"));
                (v4, PublicKeyAlgorithm::ECDSA, public, PlainSecretParams::ECDSA(key))
            }
            Self::Rsa(bits) => {
                let key = rsa::SecretKey::generate(rng, bits).expect("a key");
                let public = PublicParams::RSA((&key).into());
                (v4, PublicKeyAlgorithm::RSA, public, PlainSecretParams::RSA(key))
            }
            Self::Dsa => {
                #[expect(deprecated, reason = "a weak key is the point")]
                let key = dsa::SecretKey::generate(rng, dsa::KeySize::DSA_1024_160);
                let public = PublicParams::DSA((&key).into());
                (v4, PublicKeyAlgorithm::DSA, public, PlainSecretParams::DSA(key))
            }
        }
    }
}

/// How a signature is made beyond its defaults.
#[derive(Clone)]
pub struct How {
    pub typ: SignatureType,
    pub hash: HashAlgorithm,
    pub at: u32,
    pub more: Vec<SubpacketData>,
    pub critical: Vec<SubpacketData>,
    pub names_issuer: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            typ: SignatureType::Binary,
            hash: HashAlgorithm::Sha512,
            at: SIGNED,
            more: Vec::new(),
            critical: Vec::new(),
            names_issuer: true,
        }
    }
}

impl How {
    pub fn at(at: u32) -> Self {
        Self { at, ..Self::default() }
    }

    pub fn typ(mut self, typ: SignatureType) -> Self {
        self.typ = typ;
        self
    }

    pub fn hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = hash;
        self
    }

    pub fn with(mut self, data: SubpacketData) -> Self {
        self.more.push(data);
        self
    }

    pub fn flags(self, sign: bool, certify: bool) -> Self {
        let mut flags = KeyFlags::default();
        flags.set_sign(sign);
        flags.set_certify(certify);
        self.with(SubpacketData::KeyFlags(flags))
    }

    /// The key's life in seconds.
    pub fn life(self, seconds: u32) -> Self {
        self.with(SubpacketData::KeyExpirationTime(Duration::from_secs(seconds)))
    }

    pub fn reason(self, code: RevocationCode) -> Self {
        self.with(SubpacketData::RevocationReason(code, "".into()))
    }

    fn config(&self, signer: &impl KeyDetails) -> SignatureConfig {
        let mut config = match signer.version() {
            KeyVersion::V6 => {
                SignatureConfig::v6_with_salt(self.typ, signer.algorithm(), self.hash, vec![7; 32])
            }
            _ => SignatureConfig::v4(self.typ, signer.algorithm(), self.hash),
        };
        let regular = |data| Subpacket::regular(data).expect("a subpacket");
        config.hashed_subpackets =
            vec![regular(SubpacketData::SignatureCreationTime(Timestamp::from_secs(self.at)))];
        if self.names_issuer {
            config.hashed_subpackets.push(regular(SubpacketData::IssuerFingerprint(signer.fingerprint())));
            if signer.version() == KeyVersion::V4 {
                config.hashed_subpackets.push(regular(SubpacketData::IssuerKeyId(signer.legacy_key_id())));
            }
        }
        config.hashed_subpackets.extend(self.more.iter().cloned().map(regular));
        config.hashed_subpackets.extend(
            self.critical.iter().cloned().map(|data| Subpacket::critical(data).expect("a subpacket")),
        );
        config
    }
}

/// An OpenPGP key of somebody, and the certificate that they publish.
pub struct Owner {
    pub secret: SecretKey,
    user: Option<UserId>,
    /// What follows the primary key.
    packets: Vec<u8>,
}

impl Owner {
    /// A key with nothing that binds it.
    pub fn bare(make: Make, seed: u64) -> Self {
        let (version, algorithm, public, secret) = make.material(seed);
        let created = Timestamp::from_secs(CREATED);
        let inner = PubKeyInner::new(version, algorithm, created, None, public).expect("a key");
        let public = PublicKey::from_inner(inner).expect("a key");
        let secret = SecretKey::new(public, SecretParams::Plain(secret)).expect("a key");
        Self { secret, user: None, packets: Vec::new() }
    }

    /// A good Ed25519 key.
    pub fn new(seed: u64) -> Self {
        Self::of(Make::Ed25519, seed)
    }

    /// A good key of that make.
    pub fn of(make: Make, seed: u64) -> Self {
        Self::bare(make, seed).user("Stable Signer <stable@example.org>", How::at(CREATED).flags(true, true))
    }

    pub fn public(&self) -> &PublicKey {
        self.secret.public_key()
    }

    pub fn fingerprint(&self) -> String {
        self.public().fingerprint().as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn push(&mut self, packet: &impl pgp::packet::PacketTrait) {
        packet.to_writer_with_header(&mut self.packets).expect("a packet");
    }

    /// Adds a user id that the key certifies.
    pub fn user(mut self, name: &str, how: How) -> Self {
        let id = UserId::from_str(Default::default(), name).expect("a user id");
        self.push(&id);
        self.user = Some(id);
        self.certify(how.typ(SignatureType::CertPositive))
    }

    /// Adds another signature on the last user id.
    pub fn certify(mut self, how: How) -> Self {
        let id = self.user.as_ref().expect("a user id");
        let signature = how
            .config(self.public())
            .sign_certification(&self.secret, self.public(), &Password::empty(), Tag::UserId, id)
            .expect("a certification");
        self.push(&signature);
        self
    }

    /// Adds a signature on the key itself, before any user id: a direct one or a revocation.
    pub fn on_key(self, how: How) -> Self {
        let by = Self { secret: self.secret.clone(), user: None, packets: Vec::new() };
        self.on_key_by(&by, how)
    }

    /// The same by another key.
    pub fn on_key_by(mut self, by: &Self, how: How) -> Self {
        let signature = how
            .config(by.public())
            .sign_key(&by.secret, &Password::empty(), self.public())
            .expect("a signature on a key");
        let mut packets = Vec::new();
        signature.to_writer_with_header(&mut packets).expect("a packet");
        packets.extend(std::mem::take(&mut self.packets));
        self.packets = packets;
        self
    }

    /// Makes a signing subkey.
    pub fn subkey(&self, make: Make, seed: u64) -> SecretSubkey {
        let (version, algorithm, public, secret) = make.material(seed);
        let created = Timestamp::from_secs(CREATED);
        let inner = PubKeyInner::new(version, algorithm, created, None, public).expect("a key");
        let public = PublicSubkey::from_inner(inner).expect("a key");
        SecretSubkey::new(public, SecretParams::Plain(secret)).expect("a key")
    }

    /// Binds a subkey; `back` says how the subkey vouches for the primary key, if it does.
    pub fn bind(mut self, subkey: &SecretSubkey, how: How, back: Option<How>) -> Self {
        let mut how = how.typ(SignatureType::SubkeyBinding);
        if let Some(back) = back {
            let back = self.back(subkey, back);
            how = how.with(SubpacketData::EmbeddedSignature(Box::new(back)));
        }
        let signature = how
            .config(self.public())
            .sign_subkey_binding(&self.secret, self.public(), &Password::empty(), subkey.public_key())
            .expect("a binding");
        self.push(subkey.public_key());
        self.push(&signature);
        self
    }

    /// A subkey's signature on this primary key.
    pub fn back(&self, subkey: &SecretSubkey, how: How) -> Signature {
        how.typ(SignatureType::KeyBinding)
            .config(subkey.public_key())
            .sign_primary_key_binding(subkey, subkey.public_key(), &Password::empty(), self.public())
            .expect("a back-signature")
    }

    /// Adds a revocation of the last subkey.
    pub fn revoke_subkey(mut self, subkey: &SecretSubkey, how: How) -> Self {
        let signature = how
            .typ(SignatureType::SubkeyRevocation)
            .config(self.public())
            .sign_subkey_binding(&self.secret, self.public(), &Password::empty(), subkey.public_key())
            .expect("a revocation");
        self.push(&signature);
        self
    }

    /// The certificate, binary.
    pub fn certificate(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.public().to_writer_with_header(&mut bytes).expect("a packet");
        bytes.extend(&self.packets);
        bytes
    }

    /// The secret key with its certificate, armored.
    pub fn secret_file(&self) -> String {
        let mut bytes = Vec::new();
        self.secret.to_writer_with_header(&mut bytes).expect("a packet");
        bytes.extend(&self.packets);
        armor("PRIVATE KEY BLOCK", &bytes)
    }

    /// The certificate, armored.
    pub fn file(&self) -> String {
        armor("PUBLIC KEY BLOCK", &self.certificate())
    }

    /// A detached signature over content.
    pub fn sign(&self, content: &[u8], how: &How) -> Vec<u8> {
        let signature = how.config(self.public()).sign(&self.secret, &Password::empty(), content);
        packet(&signature.expect("a signature"))
    }

    /// The same, armored.
    pub fn sign_armored(&self, content: &[u8], how: &How) -> String {
        armor("SIGNATURE", &self.sign(content, how))
    }
}

/// A detached signature by a subkey.
pub fn sign_by(subkey: &SecretSubkey, content: &[u8], how: &How) -> Vec<u8> {
    let signature = how.config(subkey.public_key()).sign(subkey, &Password::empty(), content);
    packet(&signature.expect("a signature"))
}

pub fn packet(signature: &Signature) -> Vec<u8> {
    let mut bytes = Vec::new();
    signature.to_writer_with_header(&mut bytes).expect("a packet");
    bytes
}

pub fn armor(label: &str, bytes: &[u8]) -> String {
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let text = base64(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    // The checksum of RFC 4880, section 6.1, without which gpg 2.2 does not see the end.
    let mut sum: u32 = 0x00b7_04ce;
    for byte in bytes {
        sum ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            sum <<= 1;
            sum ^= if sum & 0x0100_0000 == 0 { 0 } else { 0x0186_4cfb };
        }
    }
    let sum = base64(&sum.to_be_bytes()[1..]);
    format!("-----BEGIN PGP {label}-----\n\n{}\n={sum}\n-----END PGP {label}-----\n", lines.join("\n"))
}

/// An SSH key, the same for the same seed.
pub fn ssh_key(algorithm: ssh_key::Algorithm, seed: u64) -> ssh_key::PrivateKey {
    let mut key =
        ssh_key::PrivateKey::random(&mut ChaCha20Rng::seed_from_u64(seed), algorithm).expect("a key");
    key.set_comment("ssh signer");
    key
}

/// An SSH signature.
pub fn ssh_sign(key: &ssh_key::PrivateKey, namespace: &str, content: &[u8]) -> String {
    let signature = key.sign(namespace, ssh_key::HashAlg::Sha512, content).expect("a signature");
    signature.to_pem(ssh_key::LineEnding::LF).expect("a text")
}
