use abaco_pipeline::signature::Signer;
use abaco_rollout::approval::{
    Approval, ApprovalSettings, Expected, Lapsed, Person, Role, Signed, check, sign,
};
use rstest::rstest;

pub(crate) fn signer(number: u8) -> Signer {
    Signer::parse(&format!("{number:02x}").repeat(32), "test").unwrap()
}

fn person(actor: &str, role: Role, key: u8) -> Person {
    Person { actor: actor.to_owned(), roles: vec![role], public_key: signer(key).public_key().to_string() }
}

/// Author `au`, operator `op`, and one person for each role with the keys 1 to 5.
pub(crate) fn settings() -> ApprovalSettings {
    let mut people: Vec<Person> =
        Role::ALL.iter().zip(1..).map(|(role, key)| person(&format!("p{key}"), *role, key)).collect();
    people.push(person("au", Role::Engineering, 6));
    people.push(person("op", Role::Engineering, 7));
    ApprovalSettings {
        author: "au".to_owned(),
        operators: vec!["op".to_owned()],
        people,
        required: Role::ALL.to_vec(),
    }
}

pub(crate) fn approval(actor: &str, role: Role, evidence: &[String]) -> Approval {
    Approval {
        candidate: "sha256:c".to_owned(),
        configuration: "conf".to_owned(),
        evidence: evidence.to_vec(),
        role,
        actor: actor.to_owned(),
        at: "2026-03-02T08:00:00Z".parse().unwrap(),
        expires: "2026-03-09T08:00:00Z".parse().unwrap(),
    }
}

fn digests() -> Vec<String> {
    vec!["e1".to_owned(), "e2".to_owned()]
}

fn checked(signed: &Signed, now: &str, demo: bool) -> Result<String, Lapsed> {
    let evidence = digests();
    let now = now.parse().unwrap();
    let expected = Expected {
        candidate: "sha256:c",
        configuration: "conf",
        evidence: &evidence,
        operators: &[],
        now,
        demo,
    };
    check(&settings(), expected, signed).map(|valid| valid.label())
}

const NOW: &str = "2026-03-03T08:00:00Z";

#[test]
fn a_signed_approval_stands_until_it_expires() {
    let signed = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    let stands = Ok("engineering: `p1`".to_owned());
    assert_eq!(checked(&signed, NOW, false), stands);
    assert_eq!(checked(&signed, "2026-03-02T08:00:00Z", false), stands);
    assert_eq!(checked(&signed, "2026-03-09T07:59:59Z", false), stands);
    let expires = signed.approval.expires;
    assert_eq!(checked(&signed, "2026-03-09T08:00:00Z", false), Err(Lapsed::Expired(expires)));
    let at = signed.approval.at;
    assert_eq!(checked(&signed, "2026-03-02T07:59:59Z", false), Err(Lapsed::Future(at)));
}

/// Each is signed by its own person's key: what lapses does so for the named reason and no other.
#[rstest]
#[case("p1", 1, Role::Engineering, |a: &mut Approval| a.candidate = "x".into(), "the candidate changed: expected sha256:c, found x")]
#[case("p1", 1, Role::Engineering, |a: &mut Approval| a.configuration = "x".into(), "the configuration changed: expected conf, found x")]
#[case("p1", 1, Role::Engineering, |a: &mut Approval| a.evidence[0] = "x".into(), "the evidence changed: 1 added, 1 gone since it was approved")]
#[case("p1", 1, Role::Engineering, |a: &mut Approval| { a.evidence.pop(); }, "the evidence changed: 1 added, 0 gone since it was approved")]
#[case("p1", 1, Role::Engineering, |a: &mut Approval| a.evidence.push("z".into()), "the evidence changed: 0 added, 1 gone since it was approved")]
#[case("p1", 1, Role::Business, |_: &mut Approval| {}, "`p1` does not approve as business")]
#[case("au", 6, Role::Engineering, |_: &mut Approval| {}, "`au` is the author")]
#[case("op", 7, Role::Engineering, |_: &mut Approval| {}, "`op` is an operator")]
#[case("nobody", 1, Role::Engineering, |_: &mut Approval| {}, "`people` has `nobody` 0 times")]
fn what_changes_makes_an_approval_lapse(
    #[case] actor: &str,
    #[case] key: u8,
    #[case] role: Role,
    #[case] change: fn(&mut Approval),
    #[case] expected: &str,
) {
    let mut approval = approval(actor, role, &digests());
    change(&mut approval);
    let signed = sign(approval, &signer(key)).unwrap();
    assert_eq!(checked(&signed, NOW, false).unwrap_err().to_string(), expected);
    assert_eq!(checked(&signed, NOW, true).unwrap_err().to_string(), expected);
}

#[test]
fn another_key_or_another_text_does_not_stand() {
    let other = sign(approval("p1", Role::Engineering, &digests()), &signer(2)).unwrap();
    let message = checked(&other, NOW, true).unwrap_err().to_string();
    let (expected, found) = (signer(1).public_key(), signer(2).public_key());
    assert_eq!(message, format!("signed by another key: expected {expected}, found {found}"));
    let mut longer = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    longer.approval.expires = "2027-01-01T00:00:00Z".parse().unwrap();
    let message = checked(&longer, NOW, true).unwrap_err().to_string();
    assert_eq!(message, "the signature does not fit the manifest");
}

#[test]
fn an_unsigned_approval_counts_in_a_demonstration_only_and_says_so() {
    let unsigned = Signed::unsigned(approval("p1", Role::Engineering, &digests()));
    assert_eq!(checked(&unsigned, NOW, false), Err(Lapsed::Unsigned));
    assert_eq!(checked(&unsigned, NOW, true), Ok("engineering: `p1`, unsigned (demo)".to_owned()));
}

#[test]
fn without_an_author_nobody_approves() {
    let signed = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    let evidence = digests();
    let now = NOW.parse().unwrap();
    let expected = Expected {
        candidate: "sha256:c",
        configuration: "conf",
        evidence: &evidence,
        operators: &[],
        now,
        demo: false,
    };
    let settings = ApprovalSettings { author: String::new(), ..settings() };
    assert_eq!(check(&settings, expected, &signed), Err(Lapsed::NoAuthor));
}

#[test]
fn the_bytes_can_be_signed_elsewhere() {
    let approval = approval("p1", Role::Engineering, &digests());
    let bytes = approval.bytes().unwrap();
    let text = concat!(
        r#"{"approval":{"actor":"p1","at":"2026-03-02T08:00:00Z","candidate":"sha256:c","configuration":"conf","#,
        r#""evidence":["e1","e2"],"expires":"2026-03-09T08:00:00Z","role":"engineering"},"#,
        r#""kind":"abaco-rollout-approval","version":1}"#,
        "\n"
    );
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), text);
    let signature = String::from_utf8(signer(1).sign(&bytes).unwrap()).unwrap();
    let imported = Signed::import(approval.clone(), &signature).unwrap();
    assert_eq!(imported, sign(approval.clone(), &signer(1)).unwrap());
    let of_another = String::from_utf8(signer(1).sign(b"another").unwrap()).unwrap();
    let error = Signed::import(approval, &of_another).unwrap_err().to_string();
    assert_eq!(error, "approval of `p1`: the signature does not fit the manifest");
}

#[test]
fn one_key_in_two_hands_counts_for_neither() {
    let signed = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    let evidence = digests();
    let now = NOW.parse().unwrap();
    let expected = Expected {
        candidate: "sha256:c",
        configuration: "conf",
        evidence: &evidence,
        operators: &[],
        now,
        demo: false,
    };
    let mut settings = settings();
    assert!(check(&settings, expected, &signed).is_ok());
    settings.people[2].public_key = settings.people[0].public_key.to_uppercase();
    let message = check(&settings, expected, &signed).unwrap_err().to_string();
    assert_eq!(message, "`p1` and `p3` have the same public key");
}

/// `approvals` names operators; the journal knows who in fact was one.
#[test]
fn whoever_carries_out_a_cutover_approves_nothing() {
    let signed = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    let (evidence, operators) = (digests(), ["p1".to_owned()]);
    let now = NOW.parse().unwrap();
    let expected = Expected {
        candidate: "sha256:c",
        configuration: "conf",
        evidence: &evidence,
        operators: &operators,
        now,
        demo: false,
    };
    assert_eq!(check(&settings(), expected, &signed), Err(Lapsed::Operator("p1".to_owned())));
    let other = sign(approval("p2", Role::Operations, &digests()), &signer(2)).unwrap();
    assert!(check(&settings(), expected, &other).is_ok());
}

/// One person who is written in two ways is one person.
#[rstest]
#[case("P1", "op", Lapsed::Author("p1".to_owned()))]
#[case("au", "P1 ", Lapsed::Operator("p1".to_owned()))]
fn a_name_in_other_letters_is_the_same_person(
    #[case] author: &str,
    #[case] operator: &str,
    #[case] lapsed: Lapsed,
) {
    let signed = sign(approval("p1", Role::Engineering, &digests()), &signer(1)).unwrap();
    let evidence = digests();
    let expected = Expected {
        candidate: "sha256:c",
        configuration: "conf",
        evidence: &evidence,
        operators: &[],
        now: NOW.parse().unwrap(),
        demo: false,
    };
    let (author, operators) = (author.to_owned(), vec![operator.to_owned()]);
    let named = ApprovalSettings { author, operators: operators.clone(), ..settings() };
    assert_eq!(check(&named, expected, &signed), Err(lapsed.clone()));
    let in_the_journal = ApprovalSettings { operators: Vec::new(), ..named };
    assert_eq!(check(&in_the_journal, Expected { operators: &operators, ..expected }, &signed), Err(lapsed));
}
