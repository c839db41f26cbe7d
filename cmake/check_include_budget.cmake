# SPDX-License-Identifier: Apache-2.0
# cmake -DCOMPILER=.. -DCOMPILER_NAME="GNU 12" -DSTANDARD=-std=c++20 -DFLAGS=<response file> -DINCLUDE_DIR=<our include directory>
#       -DBUDGET=<include_budget.txt> -DWORK_DIR=<scratch> -P check_include_budget.cmake
# Preprocesses <xrayon/xrayon.hpp>. It may bring in none of the dear headers below, and no more lines over xtensor and oneTBB than
# BUDGET records for this compiler. cmake/check_include_budget_test.cmake sees both rules broken.
cmake_minimum_required(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/XrayonIncludeProbes.cmake")
set(ENV{LC_ALL} C)
set(never iostream random regex filesystem format)

file(MAKE_DIRECTORY "${WORK_DIR}")
xrayon_write_include_probes("${INCLUDE_DIR}" "${WORK_DIR}")

# preprocess(name): sets <name>_lines, those that are not blank, and <name>_headers, those of `never` that were included.
function(preprocess name)
  execute_process(COMMAND "${COMPILER}" ${STANDARD} -O2 "@${FLAGS}" -E "${WORK_DIR}/${name}.cpp" -o "${WORK_DIR}/${name}.i"
    ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status STREQUAL "0")
    message(FATAL_ERROR "${COMPILER} could not preprocess ${name}.cpp:\n${output}")
  endif()
  file(READ "${WORK_DIR}/${name}.i" text)
  set(headers "")
  foreach(header IN LISTS never)
    if(text MATCHES "\n# 1 \"[^\"\n]*/${header}\" 1")
      list(APPEND headers ${header})
    endif()
  endforeach()
  set(${name}_headers "${headers}" PARENT_SCOPE)
  # Line markers and blank lines go; what is left of each line is its newline.
  string(REGEX REPLACE "\n#[^\n]*" "" text "\n${text}")
  string(REGEX REPLACE "\n[ \t\n]+" "\n" text "${text}\n")
  string(REGEX REPLACE "[^\n]+" "" text "${text}")
  string(LENGTH "${text}" lines)
  set(${name}_lines ${lines} PARENT_SCOPE)
  file(REMOVE "${WORK_DIR}/${name}.i")
endfunction()

preprocess(umbrella)
preprocess(packages)
foreach(header IN LISTS umbrella_headers)
  if(header IN_LIST packages_headers)
    message("<${header}> comes with the packages")
  else()
    message(SEND_ERROR "<xrayon/xrayon.hpp> brings in <${header}>")
  endif()
endforeach()

math(EXPR ours "${umbrella_lines} - ${packages_lines}")
math(EXPR slack "${umbrella_lines} / 50")
message("${COMPILER_NAME}: ${umbrella_lines} lines, ${ours} of them over the ${packages_lines} of xtensor and oneTBB")
file(STRINGS "${BUDGET}" record REGEX "^${COMPILER_NAME} +[0-9]+$")
if(NOT record)
  message("${BUDGET} records nothing for this compiler: no limit")
  return()
endif()
string(REGEX REPLACE "^.* " "" recorded "${record}")
math(EXPR limit "${recorded} + ${slack}")
if(ours GREATER limit)
  message(SEND_ERROR "that is more than the ${recorded} of ${BUDGET} and 2 % of the whole (${slack}). Find what brings them in, or "
                     "write ${ours} there if they are worth their time in every file that includes us.")
endif()
