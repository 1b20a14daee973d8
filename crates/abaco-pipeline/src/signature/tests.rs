use rstest::rstest;

use super::{PublicKey, SignatureProblem, Signer, check};

/// Test 1 of section 7.1 of RFC 8032.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
/// What `openssl pkey` says of it.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";

#[rstest]
#[case(SEED)]
#[case(&SEED.to_uppercase())]
#[case("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n")]
#[case(PEM)]
fn a_key_is_read(#[case] text: &str) {
    let signer = Signer::parse(text, "here").unwrap();
    assert_eq!(signer.public_key().to_string(), PUBLIC);
    assert_eq!(format!("{signer:?}"), format!("Signer(public key {PUBLIC})"));
    assert_eq!(PublicKey::parse(PUBLIC_PEM, "here").unwrap(), signer.public_key());
    assert_eq!(PublicKey::parse(PUBLIC, "here").unwrap(), signer.public_key());
}

#[rstest]
#[case("")]
#[case("secret")]
#[case(&SEED[2..])]
#[case(&format!("{SEED}00"))]
#[case(PUBLIC_PEM)]
#[case(&PEM.replace("MC4C", "MC8C"))]
#[case(&PEM.replace("K2Vw", "K2Vv"))]
fn what_is_no_key_is_refused_and_not_shown(#[case] text: &str) {
    let error = Signer::parse(text, "the variable `KEY`").unwrap_err().to_string();
    let expected =
        "the variable `KEY`: expected an ed25519 key: 32 bytes as hexadecimal or base64, or PKCS#8 as PEM";
    assert_eq!(error, expected);
}

/// The neutral element: a signature by it fits any text.
#[test]
fn a_weak_public_key_is_refused() {
    PublicKey::parse(&format!("01{}", "00".repeat(31)), "here").unwrap_err();
}

/// The signature is what `openssl pkeyutl -sign -rawin` makes of the same key and text.
#[test]
fn a_signature_to_the_letter() {
    let signature = Signer::parse(SEED, "here").unwrap().sign(b"a manifest").unwrap();
    let expected = format!(
        "{{\"algorithm\":\"ed25519\",\"public_key\":\"{PUBLIC}\",\"signature\":\"{}\"}}\n",
        "b386a02e948bae73af4926f48e2bad4539dfc62ac86387bab6635385affe895c\
         2593121db7e7c0f876485e5ee838c88efd715b755a33dcfaca651da2d9d5660d"
    );
    assert_eq!(String::from_utf8(signature).unwrap(), expected);
}

#[test]
fn what_does_not_stand_is_named() {
    let signer = Signer::parse(SEED, "here").unwrap();
    let other = Signer::parse(&"07".repeat(32), "here").unwrap().public_key();
    let signature = signer.sign(b"a manifest").unwrap();
    assert_eq!(check(b"a manifest", &signature, None), Ok(signer.public_key()));
    assert_eq!(check(b"a manifesT", &signature, None), Err(SignatureProblem::DoesNotFit));
    assert_eq!(
        check(b"a manifest", &signature, Some(&other)),
        Err(SignatureProblem::AnotherKey { expected: other.to_string(), found: PUBLIC.to_owned() })
    );
    for at in 0..signature.len() {
        let mut damaged = signature.clone();
        damaged[at] ^= 1;
        assert!(check(b"a manifest", &damaged, None).is_err(), "byte {at}");
        assert!(check(b"a manifest", &signature[..at], None).is_err(), "cut at {at}");
    }
}
