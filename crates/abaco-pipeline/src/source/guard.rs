//! A fence around other people's decoders: a damaged file must not stop the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a decoder of `arrow` or `parquet` and turns its panic into a message.
///
/// Both check much of a file, but not all of it: a single turned byte can still reach an assertion. The decoder is
/// in an unknown state afterwards; the caller reports the message and does not use it again. The process's panic
/// hook still prints its own line.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(decode)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("the decoder failed").to_owned()
    })
}
