# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=<program> [-DEXPECTED=<file>] -P check_output.cmake
# Runs the program; it must exit 0 and, where a file is given, print what the file says. Blanks at the ends of lines and empty lines
# at either end do not count. In the file "…" stands for any text within a line, and for any lines where it has a line to itself.
cmake_minimum_required(VERSION 3.22)

function(tidy result text)
  string(REPLACE "\r" "" text "${text}")
  string(REGEX REPLACE "[ \t]+\n" "\n" text "${text}\n")
  string(REGEX REPLACE "^\n+" "" text "${text}")
  string(REGEX REPLACE "\n+$" "" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE printed ERROR_VARIABLE complaints RESULT_VARIABLE status)
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "${PROGRAM} ended with ${status}\n--- printed\n${printed}\n--- on stderr\n${complaints}")
endif()
if(NOT EXPECTED)
  return()
endif()

file(READ "${EXPECTED}" expected)
tidy(expected "${expected}")
tidy(got "${printed}")
string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" pattern "${expected}")
string(REGEX REPLACE "(^|\n)…(\n|$)" "\\1@LINES@\\2" pattern "${pattern}")
string(REPLACE "…" "[^\n]*" pattern "${pattern}")
string(REPLACE "@LINES@" "(.|\n)*" pattern "${pattern}")
if(NOT got MATCHES "^${pattern}$")
  message(FATAL_ERROR "${PROGRAM} printed something else\n--- expected\n${expected}\n--- printed\n${got}\n---")
endif()
