//! The built-in templates are part of the binary: a file added to or removed from their folder needs a rebuild,
//! which the compiler cannot notice by itself.

fn main() {
    println!("cargo:rerun-if-changed=templates");
}
