# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=<program with a planted error> -DTIMES=<n> -DEXPECTED=<regex> -P check_finds.cmake
# Runs the program n times; each run must fail, and say why in words that match.
cmake_minimum_required(VERSION 3.22)
set(found 0)
foreach(run RANGE 1 ${TIMES})
  execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(output MATCHES "${EXPECTED}" AND NOT status STREQUAL "0")
    math(EXPR found "${found} + 1")
  else()
    message("run ${run} ended with ${status} and said\n${output}")
  endif()
endforeach()
message("the planted error was found in ${found} of ${TIMES} runs")
if(NOT found EQUAL TIMES)
  message(FATAL_ERROR "it must be found in each")
endif()
