# SPDX-License-Identifier: Apache-2.0
# Small Rust programs over the packaged Rayon crate (Debian and Ubuntu: librust-rayon-dev), which ours is compared with. Built by cargo without
# the network, in the build tree; nothing else of the project needs Rust.
include_guard(GLOBAL)

# Sets XRAYON_RAYON_FOUND; where it is not, XRAYON_RAYON_MISSING says in words what is missing.
macro(xrayon_find_rayon)
  find_program(XRAYON_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin")
  set(XRAYON_CARGO_REGISTRY "/usr/share/cargo/registry" CACHE PATH "Folder of packaged Rust crates, Rayon's among them")
  mark_as_advanced(XRAYON_CARGO XRAYON_CARGO_REGISTRY)
  file(GLOB XRAYON_RAYON_CRATE "${XRAYON_CARGO_REGISTRY}/rayon-[0-9]*/Cargo.toml")
  set(XRAYON_RAYON_FOUND FALSE)
  if(NOT XRAYON_CARGO)
    set(XRAYON_RAYON_MISSING "cargo is not here")
  elseif(NOT XRAYON_RAYON_CRATE)
    set(XRAYON_RAYON_MISSING "the Rayon crate is not in ${XRAYON_CARGO_REGISTRY} (Debian and Ubuntu: librust-rayon-dev)")
  else()
    set(XRAYON_RAYON_FOUND TRUE)
  endif()
endmacro()

# xrayon_rayon_program(name OPTIMIZE 0..3 SOURCES main.rs...): sets <name>_PROGRAM, the path of the program, which a custom target has to
# depend on. OPTIMIZE is rustc's opt-level.
function(xrayon_rayon_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OPTIMIZE" "SOURCES")
  set(crate "${CMAKE_CURRENT_BINARY_DIR}/${name}.crate")
  file(CONFIGURE OUTPUT "${crate}/.cargo/config.toml" CONTENT
"[source.crates-io]
replace-with = \"packaged\"
[source.packaged]
directory = \"@XRAYON_CARGO_REGISTRY@\"
" @ONLY)
  set(optimize "${arg_OPTIMIZE}")
  file(CONFIGURE OUTPUT "${crate}/Cargo.toml" CONTENT
"[package]
name = \"@name@\"
version = \"0.1.0\"
edition = \"2021\"
[dependencies]
rayon = \"1\"
[profile.release]
opt-level = @optimize@
overflow-checks = false
[workspace]
" @ONLY)
  set(program "${crate}/target/release/${name}")
  add_custom_command(OUTPUT "${program}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${crate}/src"
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different ${arg_SOURCES} "${crate}/src"
    COMMAND "${XRAYON_CARGO}" build --release --offline --quiet
    COMMAND "${CMAKE_COMMAND}" -E touch "${program}"
    DEPENDS ${arg_SOURCES} "${crate}/Cargo.toml" WORKING_DIRECTORY "${crate}" COMMENT "Building ${name} with cargo" VERBATIM)
  set(${name}_PROGRAM "${program}" PARENT_SCOPE)
endfunction()
