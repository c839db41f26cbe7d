# SPDX-License-Identifier: Apache-2.0
# cmake -DCOMPILER=.. -DSTANDARD=-std=c++20 -DFLAGS=<response file> -DSOURCE=<file.cpp> -DMESSAGE=<regex> -P check_compile_fail.cmake
# The source must be refused with -DXRAYON_SHOULD_FAIL, and the compiler must say why in words that match MESSAGE: with its first error,
# the one that people read, not somewhere in what follows from it.
cmake_minimum_required(VERSION 3.22)
set(ENV{LC_ALL} C)

execute_process(
  COMMAND "${COMPILER}" ${STANDARD} -fsyntax-only -DXRAYON_SHOULD_FAIL "@${FLAGS}" "${SOURCE}"
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
if(status STREQUAL "0")
  message(FATAL_ERROR "${SOURCE} compiles with XRAYON_SHOULD_FAIL and should not")
endif()
if(NOT output MATCHES "error")
  message(FATAL_ERROR "the compiler did not run: ${status}\n${output}")
endif()
string(FIND "${output}" "error:" first)
math(EXPR behind "${first} + 6")
string(SUBSTRING "${output}" ${behind} -1 rest)
string(FIND "${rest}" "error:" second)
if(NOT second EQUAL -1)
  string(SUBSTRING "${rest}" 0 ${second} rest)  # the first error and its notes; a concept that fails is named in a note
endif()
if(NOT rest MATCHES "${MESSAGE}")
  message(FATAL_ERROR "${SOURCE} is refused, but not with \"${MESSAGE}\":\n${output}")
endif()
