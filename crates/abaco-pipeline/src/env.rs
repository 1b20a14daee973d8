//! `${ENV}` and `${ENV:default}` in paths.

/// `text` with every reference replaced; `lookup` finds a variable.
///
/// A variable without value and default is an error that names it. Values are not looked at again, so a value
/// cannot smuggle in another reference.
pub(crate) fn resolve(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (reference, after) =
            after.split_once('}').ok_or_else(|| format!("`{text}`: expected a closing brace after `${{`"))?;
        let (name, default) = match reference.split_once(':') {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(format!("`{text}`: expected the name of an environment variable, found `{name}`"));
        }
        match (lookup(name), default) {
            (Some(value), _) => out.push_str(&value),
            (None, Some(default)) => out.push_str(default),
            (None, None) => {
                return Err(format!("environment variable `{name}` is not set and has no default"));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_once() {
        let lookup = |name: &str| match name {
            "DIR" => Some("contracts".to_owned()),
            "EMPTY" => Some(String::new()),
            "LOOP" => Some("${DIR}".to_owned()),
            _ => None,
        };
        let cases = [
            ("plain.yml", Ok("plain.yml")),
            ("${DIR}/a.yml", Ok("contracts/a.yml")),
            ("${NONE:x}/${DIR}.yml", Ok("x/contracts.yml")),
            ("${NONE:}", Ok("")),
            ("${EMPTY:x}", Ok("")),
            ("${LOOP}", Ok("${DIR}")),
            ("$DIR", Ok("$DIR")),
            ("${NONE}", Err("environment variable `NONE` is not set and has no default")),
            ("${DIR", Err("`${DIR`: expected a closing brace after `${`")),
            ("${}", Err("`${}`: expected the name of an environment variable, found ``")),
            ("${A B}", Err("`${A B}`: expected the name of an environment variable, found `A B`")),
        ];
        for (text, expected) in cases {
            let found = resolve(text, &lookup);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
