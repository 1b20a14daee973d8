//! The object stores are asynchronous and we are not.

use std::future::Future;
use std::io;

/// Runs one future to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}
