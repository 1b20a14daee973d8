//! Whether an audit log is the one that was written.

use super::Head;
use crate::chain::{BEGINNING, Fault, claimed, in_place, line};

/// The first line of a log that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct AuditProblem {
    /// 1-based.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Reads a whole log and gives its end, which whoever kept the head holds it against: lines that are missing at the end
/// leave a sound log.
///
/// # Errors
/// [`AuditProblem`], which names the first bad line.
pub fn check(bytes: &[u8]) -> Result<Head, AuditProblem> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut head = Head { seq: 0, count: 0, hash: BEGINNING.to_owned() };
    for (index, text) in lines.iter().enumerate() {
        let wrong = |fault| AuditProblem { line: index as u64 + 1, fault };
        let text = text.strip_suffix(b"\n").ok_or_else(|| wrong(Fault::Truncated))?;
        let line = line(text).map_err(wrong)?;
        let later = lines[index + 1..].iter().filter_map(|text| claimed(text));
        in_place(&line, head.seq + 1, &head.hash, later).map_err(wrong)?;
        head = Head { seq: line.seq, count: head.count + 1, hash: line.hash };
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AuditProblem, check};
    use crate::audit::{AuditLog, Fault};

    fn log(entries: u64) -> AuditLog {
        let mut log = AuditLog::new("tester");
        let at = "2025-12-01T03:00:00Z".parse().unwrap();
        for entry in 0..entries {
            let detail = json!({ "rows": entry, "amount": "1.50" }).as_object().unwrap().clone();
            log.record_at(at, "ingest", "read", "ok", detail).unwrap();
        }
        log
    }

    fn lines(log: &AuditLog) -> Vec<String> {
        std::str::from_utf8(log.bytes()).unwrap().split_inclusive('\n').map(str::to_owned).collect()
    }

    fn fault(lines: &[String]) -> (u64, Fault) {
        let AuditProblem { line, fault } = check(lines.concat().as_bytes()).unwrap_err();
        (line, fault)
    }

    /// The text is written out by hand, and its digest is what the command `sha256sum` says.
    #[test]
    fn a_line_to_the_letter() {
        let mut log = AuditLog::new("tester");
        let at = "2025-12-01T03:00:00.25Z".parse().unwrap();
        log.record_at(at, "run", "started", "ok", serde_json::Map::new()).unwrap();
        let expected = concat!(
            r#"{"action":"run","actor":"tester","at":"2025-12-01T03:00:00.250000Z","detail":{},"event":"started","#,
            r#""hash":"365b8d6929e63c258a3651a04d161fbfa2f11ed406e343b35661610ceb0c2135","#,
            r#""prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":1,"status":"ok"}"#,
            "\n"
        );
        assert_eq!(std::str::from_utf8(log.bytes()).unwrap(), expected);
    }

    #[test]
    fn a_sound_log_gives_its_head() {
        for entries in 0..5 {
            let log = log(entries);
            assert_eq!(check(log.bytes()).unwrap(), *log.head());
            assert_eq!(log.head().count, entries);
        }
    }

    #[test]
    fn every_changed_byte_is_found_in_its_line() {
        let log = log(3);
        let mut line = 1;
        for at in 0..log.bytes().len() {
            let mut bytes = log.bytes().to_vec();
            bytes[at] ^= 1;
            let problem = check(&bytes).unwrap_err();
            assert_eq!(problem.line, line, "byte {at}: {problem}");
            line += u64::from(log.bytes()[at] == b'\n');
        }
    }

    #[test]
    fn removed_reordered_repeated_truncated_and_replaced_lines() {
        let sound = lines(&log(4));
        let [a, b, c, d] = [&sound[0], &sound[1], &sound[2], &sound[3]].map(String::clone);
        let removed = [a.clone(), c.clone(), d.clone()];
        assert_eq!(fault(&removed), (2, Fault::Removed { expected: 2, found: 3 }));
        let swapped = [a.clone(), c.clone(), b.clone(), d.clone()];
        assert_eq!(fault(&swapped), (2, Fault::Reordered { expected: 2, found: 3 }));
        let repeated = [a.clone(), b.clone(), b.clone()];
        assert_eq!(fault(&repeated), (3, Fault::Reordered { expected: 3, found: 2 }));
        let cut = [a.clone(), b.trim_end().to_owned()];
        assert_eq!(fault(&cut), (2, Fault::Truncated));
        let mut other = AuditLog::new("somebody else");
        other.record("run", "started", "ok", serde_json::Map::new()).unwrap();
        let replaced = [lines(&other)[0].clone(), b.clone()];
        assert_eq!(fault(&replaced), (2, Fault::PredecessorChanged));
        let (line, first) = fault(&["{}\n".to_owned(), b.clone()]);
        assert_eq!((line, first.to_string().as_str()), (1, "changed: expected a number `seq`, found none"));
        // Cut between two lines, it is sound; only the head that was kept elsewhere knows better.
        assert_eq!(check((a + &b).as_bytes()).unwrap().count, 2);
    }

    /// The same object in other words has the same digest and is found all the same.
    #[test]
    fn another_spelling_is_a_change() {
        let text = lines(&log(1))[0].replace("\"seq\":1", "\"seq\": 1");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["seq"], 1);
        assert_eq!(fault(&[text]), (1, Fault::Changed));
    }

    #[test]
    fn a_fraction_is_refused_and_the_log_goes_on() {
        let mut log = log(1);
        let detail = json!({ "rate": 0.5 }).as_object().unwrap().clone();
        log.record("kpi", "value", "ok", detail).unwrap_err();
        assert_eq!((check(log.bytes()).unwrap().count, log.head().count), (1, 1));
    }
}
