# SPDX-License-Identifier: Apache-2.0
# What including <xrayon/xrayon.hpp> costs is measured against what a program pays that includes the same packages without us.
include_guard(GLOBAL)

# xrayon_write_include_probes(<include directory> <folder>): folder/umbrella.cpp includes xrayon.hpp, folder/packages.cpp includes xtensor
# and oneTBB as their doors do. That one is made from the doors' own lines, so that it cannot fall behind them.
function(xrayon_write_include_probes include_dir folder)
  file(WRITE "${folder}/umbrella.cpp.new" "#include <xrayon/xrayon.hpp>\nint main() {}\n")
  set(text "")
  foreach(door array/xtensor exec/detail/backend_tbb)
    # Conditions, and outside includes within them.
    file(STRINGS "${include_dir}/xrayon/${door}.hpp" lines
      REGEX "^#[ \t]*(if|elif|else|endif|ifndef|ifdef|include <(xtensor|xtl|xsimd|oneapi)/)")
    foreach(line IN LISTS lines)
      string(APPEND text "${line}\n")
    endforeach()
  endforeach()
  if(NOT text MATCHES "include <xtensor/xtensor.hpp>" OR NOT text MATCHES "include <oneapi/tbb/")
    message(FATAL_ERROR "the doors to xtensor and oneTBB include neither as expected:\n${text}")
  endif()
  file(WRITE "${folder}/packages.cpp.new" "${text}int main() {}\n")
  foreach(probe umbrella packages)
    configure_file("${folder}/${probe}.cpp.new" "${folder}/${probe}.cpp" COPYONLY)  # leaves an equal file alone
    file(REMOVE "${folder}/${probe}.cpp.new")
  endforeach()
endfunction()
