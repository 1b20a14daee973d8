//! What benches and the throughput example share: a generated tape, the KPIs they compute over it, and the speed of
//! memory to hold them against.

pub mod families;
pub mod files;
pub mod memory;
pub mod tape;

/// Whatever went wrong; a measurement then stops.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The allocator of the command, so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
