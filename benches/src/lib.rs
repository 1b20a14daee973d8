//! Examples of the abaco crates; see the files beside this folder.
