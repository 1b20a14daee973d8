//! The templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::RolloutView;
use super::facts::facts;
use crate::RolloutError;

/// The report as Markdown.
///
/// # Errors
/// [`RolloutError::Failed`] for a template that does not fit; not expected to happen.
pub fn markdown(view: &RolloutView) -> Result<String, RolloutError> {
    render(view, "rollout.md", include_str!("rollout.md.jinja"))
}

/// The report as a page of HTML that needs nothing else.
///
/// # Errors
/// As [`markdown`].
pub fn html(view: &RolloutView) -> Result<String, RolloutError> {
    render(view, "rollout.html", include_str!("rollout.html.jinja"))
}

fn render(view: &RolloutView, name: &str, template: &str) -> Result<String, RolloutError> {
    let wrong = |error: minijinja::Error| RolloutError::Failed(format!("report: {error:#}"));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(wrong)?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.add_filter("line", |text: String| plain(&text));
    environment.add_template(name, template).map_err(wrong)?;
    environment.get_template(name).and_then(|template| template.render(Serde(facts(view)))).map_err(wrong)
}

/// Text of one line that ends no cell, begins no tag and makes no link.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => plain.push(' '),
            '<' => plain.push_str("&lt;"),
            '|' | '[' | ']' | '*' | '\\' => plain.extend(['\\', character]),
            other => plain.push(other),
        }
    }
    plain
}
