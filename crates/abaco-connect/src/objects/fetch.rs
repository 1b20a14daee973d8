//! Inputs from object stores.

use std::io::Write;
use std::ops::Range;

use abaco_pipeline::Watch;
use abaco_pipeline::fetch::FetchError;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::{may_pass, open, words};
use crate::runtime::block_on;

/// How much is in memory at once.
const PIECE: u64 = 8 << 20;

/// Writes an object to `into` and gives its length. An object that is replaced meanwhile is an error.
///
/// # Errors
/// [`FetchError`], without secrets.
pub fn fetch(url: &str, into: &mut dyn Write, watch: &Watch) -> Result<u64, FetchError> {
    let (store, path) = open(url).map_err(FetchError::lasting)?;
    let runtime = |error: std::io::Error| FetchError::lasting(error.to_string());
    let failed = |error: object_store::Error| FetchError {
        message: words(&error),
        retry: may_pass(&error),
        cancelled: false,
    };
    let meta = block_on(store.head(&path)).map_err(runtime)?.map_err(failed)?;
    let mut start = 0;
    while start < meta.size {
        if watch.is_cancelled() {
            return Err(FetchError::cancelled());
        }
        let piece = start..meta.size.min(start + PIECE);
        let bytes = block_on(read(&*store, &path, &meta, piece.clone())).map_err(runtime)?.map_err(failed)?;
        if bytes.len() as u64 != piece.end - piece.start {
            return Err(FetchError::passing(format!(
                "expected {} bytes from {start} on, found {}",
                piece.end - piece.start,
                bytes.len()
            )));
        }
        into.write_all(&bytes).map_err(|error| FetchError::lasting(format!("a temporary file: {error}")))?;
        start = piece.end;
    }
    Ok(meta.size)
}

/// A piece of the object that `meta` is about, and of no later one.
pub(super) async fn read(
    store: &dyn ObjectStore,
    path: &Path,
    meta: &ObjectMeta,
    piece: Range<u64>,
) -> object_store::Result<Bytes> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(piece)),
        if_match: meta.e_tag.clone(),
        ..GetOptions::default()
    };
    store.get_opts(path, options).await?.bytes().await
}
