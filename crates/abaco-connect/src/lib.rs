//! Where runs come from and go to beyond the local disk: HTTP, object stores, PostgreSQL.
