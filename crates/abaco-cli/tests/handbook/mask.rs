//! What differs from run to run.

/// A text with the parts that differ from run to run cut out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Masked {
    /// The text with `<uuid>`, `<digest>`, `<instant>`, `<duration>` and so on in their places.
    pub(crate) text: String,
    /// Identifiers and digests in their order: a later command may name them.
    pub(crate) names: Vec<String>,
}

/// Masks a line of output.
///
/// UUIDs, SHA-256, instants of the day of the run, `12 ms` and `34 KiB`; nothing else, so that figures stay exact.
pub(crate) fn mask(line: &str, today: &str) -> Masked {
    let mut masked = Masked { text: String::new(), names: Vec::new() };
    let characters: Vec<char> = line.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let begins = at == 0 || !characters[at - 1].is_ascii_alphanumeric();
        let rest: String = characters[at..].iter().collect();
        let token: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-:.+".contains(*c)).collect();
        match begins.then(|| seen(&token, &rest, today)).flatten() {
            Some((length, word, is_name)) => {
                if is_name {
                    masked.names.push(rest.chars().take(length).collect());
                }
                masked.text.push_str(word);
                at += length;
            }
            None => {
                masked.text.push(characters[at]);
                at += 1;
            }
        }
    }
    masked
}

/// How long a part is that differs, what stands in its place, and whether it is a name.
fn seen(token: &str, rest: &str, today: &str) -> Option<(usize, &'static str, bool)> {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if let Some(uuid) = token.get(..36) {
        let parts: Vec<&str> = uuid.split('-').collect();
        let is_uuid =
            parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| hex(part));
        if is_uuid {
            return Some((36, "<uuid>", true));
        }
    }
    if let Some(digest) = token.get(..64).filter(|digest| hex(digest)) {
        return Some((digest.len(), "<digest>", true));
    }
    // The day of the run, with a time or without it.
    if let Some(time) = rest.strip_prefix(today) {
        let clock: String =
            time.chars().take_while(|c| c.is_ascii_digit() || "T :.+Z".contains(*c)).collect();
        let utc = if time[clock.len()..].starts_with("UTC") { 3 } else { 0 };
        let is_clock = clock.trim_start_matches(['T', ' ']).starts_with(|c: char| c.is_ascii_digit());
        let length = if is_clock { clock.trim_end_matches([' ', ':', '.']).len() } else { 0 };
        let length = if utc > 0 { clock.len() + utc } else { length };
        return Some((today.len() + length, "<now>", false));
    }
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let unit = |unit: &str| rest[digits.len()..].starts_with(unit);
    match digits.is_empty() {
        false if unit(" ms") => Some((digits.len(), "<n>", false)),
        false if unit(" KiB") => Some((digits.len(), "<n>", false)),
        _ => None,
    }
}
