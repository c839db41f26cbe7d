# SPDX-License-Identifier: Apache-2.0
# cmake -DWORK_DIR=<scratch folder> -P check_fault_matrix_test.cmake
# A table and tests that agree pass check_fault_matrix.cmake, with the right counts; with one thing wrong they do not, for that reason.
cmake_minimum_required(VERSION 3.22)
set(script "${CMAKE_CURRENT_LIST_DIR}/check_fault_matrix.cmake")
set(tests "${WORK_DIR}/tests")
set(table "${WORK_DIR}/faults.md")

function(write_good)
  file(REMOVE_RECURSE "${WORK_DIR}")
  file(WRITE "${table}" [=[
# Rows
Rows: T1-T4, B9-B12, F9-F9

| row | case | state | where |
|---|---|---|---|
| T1 | unset; empty | tested | here |
| T2 | a [word] | tested | there |
| T3 | by name | tested | a program |
| T4 | by entry | tested | another; with a semicolon |
| B9 | no such thing | listed | there is none |
| B10 | two tags | tested | here |
| B11 | refused | tested | compile_fail |
| B12 | takes minutes | soak | there |
| F9 | fact | tested | header |
]=])
  file(WRITE "${tests}/exec/one_test.cpp" [=[
TEST_CASE("one: unset; [not a tag]", "[exec][T1][errors]") { REQUIRE(x[0] == y[i]); }
TEST_CASE("one: a word",
          "[exec][T2][B10]") {}
TEST_CASE("one: long", "[.soak][soak][exec][B12][T1]") { "[B9"; }
// TEST_CASE("one: not there any more", "[exec][B9]")
int a = values[B9] + "text"[0];
]=])
  file(WRITE "${tests}/exec/programs/T3_static_pool.cpp" "int main() {}\n")
  file(WRITE "${tests}/CMakeLists.txt" "add_test(NAME exec.program.T4_fork COMMAND program)\n# add_test(NAME exec.program.T5_gone)\n")
  file(WRITE "${tests}/compile_fail/throwing.cpp" "// SPDX\n// Row B11: because.\n// See also Row B13: not at the start\n")
  file(WRITE "${tests}/support/shared.hpp" "#define ROWS \"[F9][U17]\"\n")
endfunction()

function(run_check status_var output_var)
  execute_process(COMMAND "${CMAKE_COMMAND}" "-DTABLE=${table}" "-DTESTS=${tests}" ${ARGN} -P "${script}"
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  set(${status_var} "${status}" PARENT_SCOPE)
  set(${output_var} "${output}" PARENT_SCOPE)
endfunction()

set(cases 0)
macro(expect_words words)
  math(EXPR cases "${cases} + 1")
  string(FIND "${output}" "${words}" at)
  if(at EQUAL -1)
    message(SEND_ERROR "not said: ${words}\n${output}")
  endif()
endmacro()
# expect_error(words): what is there now is refused with these words; then the good files again
macro(expect_error words)
  run_check(status output)
  if(status STREQUAL "0")
    message(SEND_ERROR "not noticed: ${words}")
  endif()
  expect_words("${words}")
  write_good()
endmacro()
# change(file old new)
function(change file old new)
  file(READ "${file}" text)
  string(FIND "${text}" "${old}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${file} has no \"${old}\"")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  file(WRITE "${file}" "${text}")
endfunction()

write_good()
run_check(status output)
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "a table and tests that agree are refused:\n${output}")
endif()
expect_words("T: 4 tested, 0 soak, 0 listed with a reason, 0 missing")
expect_words("B: 2 tested, 1 soak B12, 1 listed with a reason, 0 missing")
expect_words("F: 1 tested, 0 soak, 0 listed with a reason, 0 missing")

change("${table}" "| T2 | a [word] | tested | there |\n" "")
expect_error("T2 is MISSING")
change("${table}" "| B10 | two tags | tested | here |\n" "")
expect_error("B: 1 tested, 1 soak B12, 1 listed with a reason, 1 missing B10")
change("${table}" "T1-T4" "T1-T5")
expect_error("T5 is MISSING")
change("${table}" "| F9 |" "| T1 |")
expect_error("T1 is there twice")
change("${table}" "Rows: T1-T4" "Rows: T1-T3")
expect_error("T4 is not among the rows that there must be")
change("${table}" "| listed | there is none |" "| listed |  |")
expect_error("B9 is not \"| B9 | case | tested, soak or listed | where or why |\"")
change("${table}" "| T1 | unset; empty | tested |" "| T1 | unset; empty | done |")
expect_error("T1 is not \"| T1 | case | tested, soak or listed | where or why |\"")
change("${table}" "| B9 | no such thing | listed |" "| B9 | no such thing | tested |")
expect_error("B9 is said to be tested, and no test has its tag")
change("${tests}/exec/one_test.cpp" "[exec][T2]" "[exec]")
expect_error("T2 is said to be tested, and no test has its tag")
change("${tests}/exec/one_test.cpp" "TEST_CASE(\"one: unset" "// TEST_CASE(\"one: unset")
expect_error("T1 is said to be tested, and by")
file(REMOVE "${tests}/exec/programs/T3_static_pool.cpp")
expect_error("T3 is said to be tested, and no test has its tag")
change("${tests}/CMakeLists.txt" "exec.program.T4_fork" "exec.program.fork")
expect_error("T4 is said to be tested, and no test has its tag")
change("${tests}/compile_fail/throwing.cpp" "Row B11" "Row of B11")
expect_error("B11 is said to be tested, and no test has its tag")
change("${table}" "| B10 | two tags | tested |" "| B10 | two tags | listed |")
expect_error("B10 is said to have no test, and")
change("${tests}/exec/one_test.cpp" "[B10]" "[B10][B13]")
expect_error("has the tag B13, which no row has")
change("${tests}/exec/one_test.cpp" "[B12]" "[B12][B13]")
expect_error("has the tag B13, which no row has")
change("${table}" "| B12 | takes minutes | soak |" "| B12 | takes minutes | tested |")
expect_error("B12 is said to be tested, and by ${tests}/exec/one_test.cpp it is soak")
change("${table}" "| B12 | takes minutes | soak |" "| B12 | takes minutes | listed |")
expect_error("B12 is said to have no test, and ${tests}/exec/one_test.cpp has its tag")
change("${table}" "| B10 | two tags | tested |" "| B10 | two tags | soak |")
expect_error("B10 is said to be soak, and by ${tests}/exec/one_test.cpp it is tested")
change("${tests}/exec/one_test.cpp" "[soak][exec][B12]" "[soak][exec]")
expect_error("B12 is said to be tested, and no test has its tag")
change("${tests}/exec/one_test.cpp" "[exec][T1]" "[exec]")
expect_error("T1 is said to be tested, and by ${tests}/exec/one_test.cpp it is soak")
change("${table}" "Rows: " "Numbers: ")
expect_error("has no line \"Rows: T1-T34, ...\"")
file(REMOVE "${table}")
expect_error("there is no table")

# Another page: counted, and no error.
file(WRITE "${WORK_DIR}/matrix.md"
  "| T1 | a |\n| T4 | b; c [ran] |\n| T7 | a pipe |\n| B9 | d |\n| U17 | e |\n| U18 | f |\ntext | U19 | g |\n| B12 | h |\n")
run_check(status output "-DMATRIX=${WORK_DIR}/matrix.md")
if(NOT status STREQUAL "0")
  message(SEND_ERROR "another page made the check fail:\n${output}")
endif()
expect_words("T: 3 rows, 2 tested, 0 soak, 0 listed, 1 missing T7")
expect_words("B: 2 rows, 0 tested, 1 soak, 1 listed, 0 missing")
expect_words("U: 2 rows, 1 tested, 0 soak, 0 listed, 1 missing U18")
run_check(status output "-DMATRIX=${WORK_DIR}/matrix.md" -DGROUPS=B)
string(FIND "${output}" "U18" at)
if(NOT at EQUAL -1)
  message(SEND_ERROR "GROUPS is not heeded:\n${output}")
endif()

file(REMOVE_RECURSE "${WORK_DIR}")
message(STATUS "${cases} expectations")
