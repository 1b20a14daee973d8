//! What is weighed, who approves, what the gate, the monitor and the report make of it.

mod store;
