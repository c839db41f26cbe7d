# SPDX-License-Identifier: Apache-2.0
# cmake (the arguments of check_include_budget.cmake without BUDGET and COMPILER_NAME) -P check_include_budget_test.cmake
# A copy of the headers passes check_include_budget.cmake; with a dear header in it, or with too many lines, it does not, for that reason.
cmake_minimum_required(VERSION 3.22)
set(root "${WORK_DIR}/include")
set(budget "${WORK_DIR}/budget.txt")

# expect(status words): what the check of the copy ends with, "0" or not, and says
function(expect status words)
  execute_process(COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${COMPILER}" "-DCOMPILER_NAME=some compiler" "-DSTANDARD=${STANDARD}"
      "-DFLAGS=${WORK_DIR}/flags" "-DINCLUDE_DIR=${root}" "-DBUDGET=${budget}" "-DWORK_DIR=${WORK_DIR}/probes"
      -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_include_budget.cmake"
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE got)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")  # CMake breaks long messages
  if(NOT got STREQUAL status)
    message(SEND_ERROR "ended with ${got} and not ${status}:\n${output}")
  elseif(NOT output MATCHES "${words}")
    message(SEND_ERROR "said something else than \"${words}\":\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
file(COPY "${INCLUDE_DIR}/xrayon" DESTINATION "${root}")
# The copy is found in place of the original.
file(READ "${FLAGS}" flags)
string(REPLACE "${INCLUDE_DIR}" "${root}" flags "${flags}")
file(WRITE "${WORK_DIR}/flags" "${flags}")
file(READ "${root}/xrayon/xrayon.hpp" umbrella)

file(WRITE "${budget}" "another compiler 0\n")
expect(0 "records nothing")
if(NOT output MATCHES "([0-9]+) lines, ([0-9]+) of them over")
  message(FATAL_ERROR "does not say how many lines there are:\n${output}")
endif()
set(all ${CMAKE_MATCH_1})
set(ours ${CMAKE_MATCH_2})

# As many lines as recorded and 2 % more; then some too many.
file(WRITE "${budget}" "some compiler ${ours}\n")
math(EXPR slack "${all} / 50")
string(REPEAT "extern int planted;\n" ${slack} lines)
file(WRITE "${root}/xrayon/xrayon.hpp" "${umbrella}\n${lines}")
expect(0 "lines")
string(REPEAT "extern int planted;\n" 100 more)
file(WRITE "${root}/xrayon/xrayon.hpp" "${umbrella}\n${lines}${more}")
expect(1 "that is more than the ${ours} of ")
# Blank lines and comments are none.
string(REPEAT "\n  \n// planted\n" 10000 lines)
file(WRITE "${root}/xrayon/xrayon.hpp" "${umbrella}\n${lines}")
expect(0 "${all} lines")

file(WRITE "${budget}" "")
foreach(header random regex filesystem)
  file(WRITE "${root}/xrayon/planted.hpp" "#include <${header}>\n")  # not only in the umbrella itself
  file(WRITE "${root}/xrayon/xrayon.hpp" "#include <xrayon/planted.hpp>\n${umbrella}")
  expect(1 "brings in <${header}>")
endforeach()
file(REMOVE_RECURSE "${WORK_DIR}")
