//! A copy of each run in an object store.

use std::fs::File;
use std::io::Read;

use abaco_pipeline::fetch::SecretUrl;
use abaco_pipeline::outbox::{Deliver, DeliveryError, PublishedRun};
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use super::fetch::read;
use super::{Place, may_pass, open, words};
use crate::digest::{Hasher, sha256};
use crate::runtime::block_on;

/// Longer files go in parts of this length.
const PART: usize = 16 << 20;

/// Puts runs below an address, each under its id and its manifest last: a run without manifest is not there yet.
///
/// An object that is there already with the same bytes is delivered; one with others is refused.
#[derive(Clone, Debug)]
pub struct ObjectOutput {
    url: SecretUrl,
}

/// A file of a run and what it must be.
struct Item<'i> {
    name: &'i str,
    sha256: &'i str,
    bytes: u64,
}

impl ObjectOutput {
    /// An output below this address.
    ///
    /// # Errors
    /// An address that this build knows no store for.
    pub fn new(url: SecretUrl) -> Result<Self, String> {
        open(url.expose())?;
        Ok(Self { url })
    }
}

impl Deliver for ObjectOutput {
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError> {
        let place = open(self.url.expose()).map_err(DeliveryError::lasting)?;
        block_on(deliver(&place, run)).map_err(|error| DeliveryError::passing(error.to_string()))?
    }
}

async fn deliver((store, prefix): &Place, run: &PublishedRun) -> Result<(), DeliveryError> {
    let manifest = run.folder.join("manifest.json");
    let bytes = std::fs::metadata(&manifest).map_err(|error| local("manifest.json", &error))?.len();
    let files = run.files.iter().map(|(name, file)| Item { name, sha256: &file.sha256, bytes: file.bytes });
    let last = Item { name: "manifest.json", sha256: &run.manifest_sha256, bytes };
    for item in files.chain(std::iter::once(last)) {
        let folder = prefix.clone().join(run.run_id.as_str());
        let to = item.name.split('/').fold(folder, |path, part| path.join(part));
        let file = File::open(run.folder.join(item.name)).map_err(|error| local(item.name, &error))?;
        if item.bytes <= PART as u64 {
            whole(store, &to, &item, file).await
        } else {
            parts(store, &to, &item, file).await
        }?;
    }
    Ok(())
}

/// Puts a short file, unless there is something already.
async fn whole(store: &dyn ObjectStore, to: &Path, item: &Item<'_>, file: File) -> Result<(), DeliveryError> {
    let mut bytes = Vec::new();
    // One byte more shows that the file has grown.
    file.take(item.bytes + 1).read_to_end(&mut bytes).map_err(|error| local(item.name, &error))?;
    if sha256(&bytes) != item.sha256 {
        return Err(changed(item));
    }
    let payload = PutPayload::from(bytes);
    match store.put_opts(to, payload.clone(), PutMode::Create.into()).await {
        Ok(_) => Ok(()),
        Err(Error::AlreadyExists { .. }) => same(store, to, item).await,
        // A store that cannot make and refuse in one step.
        Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => match store.head(to).await {
            Ok(_) => same(store, to, item).await,
            Err(Error::NotFound { .. }) => {
                store.put(to, payload).await.map(drop).map_err(|error| failed(to, &error))
            }
            Err(error) => Err(failed(to, &error)),
        },
        Err(error) => Err(failed(to, &error)),
    }
}

/// Puts a long file in parts, unless there is something already; it is there when the last part is.
async fn parts(store: &dyn ObjectStore, to: &Path, item: &Item<'_>, file: File) -> Result<(), DeliveryError> {
    match store.head(to).await {
        Ok(_) => return same(store, to, item).await,
        Err(Error::NotFound { .. }) => {}
        Err(error) => return Err(failed(to, &error)),
    }
    let mut upload = store.put_multipart(to).await.map_err(|error| failed(to, &error))?;
    let result = match send(&mut *upload, to, item, file).await {
        Ok(()) => upload.complete().await.map(drop).map_err(|error| failed(to, &error)),
        Err(error) => Err(error),
    };
    if result.is_err() {
        let _left_to_the_store = upload.abort().await;
    }
    result
}

async fn send(
    upload: &mut dyn MultipartUpload,
    to: &Path,
    item: &Item<'_>,
    mut file: File,
) -> Result<(), DeliveryError> {
    let mut hasher = Hasher::default();
    loop {
        let mut part = Vec::with_capacity(PART);
        let read = (&mut file).take(PART as u64).read_to_end(&mut part);
        if read.map_err(|error| local(item.name, &error))? == 0 {
            break;
        }
        hasher.update(&part);
        upload.put_part(PutPayload::from(part)).await.map_err(|error| failed(to, &error))?;
    }
    if hasher.finish() == item.sha256 { Ok(()) } else { Err(changed(item)) }
}

/// Whether what is there has the bytes that it should have.
async fn same(store: &dyn ObjectStore, to: &Path, item: &Item<'_>) -> Result<(), DeliveryError> {
    let meta = store.head(to).await.map_err(|error| failed(to, &error))?;
    let mut hasher = Hasher::default();
    let mut start = 0;
    while start < meta.size && meta.size == item.bytes {
        let end = meta.size.min(start + PART as u64);
        hasher.update(&read(store, to, &meta, start..end).await.map_err(|error| failed(to, &error))?);
        start = end;
    }
    if meta.size == item.bytes && hasher.finish() == item.sha256 {
        return Ok(());
    }
    Err(DeliveryError::lasting(format!(
        "`{to}`: expected {} bytes with digest `{}`, found others; a run is never overwritten",
        item.bytes, item.sha256
    )))
}

fn failed(to: &Path, error: &Error) -> DeliveryError {
    DeliveryError { message: format!("`{to}`: {}", words(error)), retry: may_pass(error) }
}

fn changed(item: &Item<'_>) -> DeliveryError {
    DeliveryError::lasting(format!("`{}` changed while it was sent", item.name))
}

fn local(name: &str, error: &std::io::Error) -> DeliveryError {
    DeliveryError::passing(format!("`{name}`: {error}"))
}
