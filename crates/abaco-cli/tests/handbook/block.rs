//! The commands of a document.

use std::fmt::Write as _;

/// A block of commands.
pub(crate) struct Block {
    /// Its first line in the document, from 1.
    pub(crate) line: usize,
    /// What is prepared for it.
    pub(crate) situation: Option<String>,
    pub(crate) commands: Vec<Command>,
}

/// A command with what the document says of it.
pub(crate) struct Command {
    pub(crate) line: usize,
    /// What a shell is given.
    pub(crate) text: String,
    /// The lines that it prints.
    pub(crate) output: Vec<String>,
    pub(crate) status: i32,
}

impl Command {
    /// The commands of `abaco` in it.
    pub(crate) fn calls_of_abaco(&self) -> Vec<Vec<String>> {
        self.text.split("abaco ").skip(1).filter_map(call).collect()
    }
}

/// The blocks that are run. A block of another language that holds commands fails: nobody would run it.
pub(crate) fn blocks(document: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut situation = None;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(named) = line.strip_prefix("<!-- situation: ") {
            situation = Some(named.strip_suffix(" -->").expect("the end of the comment").to_owned());
        }
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let inner: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| !line.trim_start().starts_with("```")).collect();
        if language == "console" {
            let commands = commands(document, &inner);
            blocks.push(Block { line: index + 1, situation: situation.take(), commands });
            continue;
        }
        let not_run = inner.iter().find(|(_, line)| line.starts_with("$ ") || line.starts_with("abaco "));
        if let Some((index, line)) = not_run {
            panic!("{document}, line {}: a command in a block of `{language}`: {line}", index + 1);
        }
    }
    assert!(situation.is_none(), "{document}: the last situation has no block");
    blocks
}

fn commands(document: &str, lines: &[(usize, &str)]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for (index, line) in lines {
        if let Some(text) = line.strip_prefix("$ ") {
            let (line, text) = (index + 1, text.to_owned());
            commands.push(Command { line, text, output: Vec::new(), status: 0 });
            continue;
        }
        let last =
            commands.last_mut().unwrap_or_else(|| panic!("{document}, line {}: no command", index + 1));
        match (line.strip_prefix("> "), line.strip_prefix("exit status ")) {
            (Some(more), _) if last.output.is_empty() => write!(last.text, "\n{more}").unwrap(),
            (_, Some(status)) => last.status = status.parse().expect("a status"),
            _ => last.output.push((*line).to_owned()),
        }
    }
    commands
}

/// The commands of `abaco` that stand in the text between backticks, with their lines.
pub(crate) fn mentioned(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            let calls = line.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("abaco "));
            found.extend(calls.filter_map(call).map(|call| (index + 1, call)));
        }
    }
    found
}

/// `rollout status` of `rollout status --format json`: the words that name a command.
fn call(arguments: &str) -> Option<Vec<String>> {
    let is_name =
        |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    let mut words = arguments.split_whitespace();
    let first = words.next().filter(is_name)?;
    let mut call = vec![first.to_owned()];
    if first == "rollout" {
        call.extend(words.next().filter(is_name).map(str::to_owned));
    }
    Some(call)
}
