//! What the database or the way to it has to say.

use std::error::Error as _;

use abaco_pipeline::outbox::DeliveryError;

/// An error in words, and whether it may pass.
///
/// Passing are the classes of PostgreSQL's codes that speak of the moment: connection (08), resources (53), an operator
/// who shuts down or kills (57P), serialisation and deadlocks (40), a lock that others hold (55P03), a statement that
/// took too long (57014), and the system (58).
pub(super) fn described(error: &postgres::Error) -> DeliveryError {
    if let Some(said) = error.as_db_error() {
        let code = said.code().code();
        let passing = ["08", "40", "53", "58", "57P"].iter().any(|class| code.starts_with(class))
            || ["55P03", "57014", "25P03"].contains(&code);
        return DeliveryError { message: format!("{} ({code})", said.message()), retry: passing };
    }
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        source = inner.source();
    }
    // A certificate, a password that is missing or an option of the address will be the same another time.
    let lasting = ["TLS", "certificate", "authentication", "configuration", "password"];
    DeliveryError { retry: !lasting.iter().any(|word| message.contains(word)), message }
}
