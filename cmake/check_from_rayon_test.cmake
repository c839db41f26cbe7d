# SPDX-License-Identifier: Apache-2.0
# cmake -DWORK_DIR=<scratch folder> -P check_from_rayon_test.cmake
# A list, a guide and tests that agree pass check_from_rayon.cmake, with the right counts; with one thing wrong they do not, for that reason.
cmake_minimum_required(VERSION 3.22)
set(script "${CMAKE_CURRENT_LIST_DIR}/check_from_rayon.cmake")
set(list "${WORK_DIR}/names.txt")
set(guide "${WORK_DIR}/from-rayon.md")
set(test "${WORK_DIR}/tests/from_rayon_stages_test.cpp")

function(write_good)
  file(REMOVE_RECURSE "${WORK_DIR}")
  file(WRITE "${list}" [=[
# Names

= Iterator 4
Iterator map
Iterator find_any
Iterator drive
Iterator cloned

= Pool 2
Pool Pool::join
Pool Pool::index
]=])
  file(WRITE "${guide}" [=[
# From Rayon
Names: 3 lawful, 1 exempt, 2 left out.

| Rayon | in no section | `counts for nothing` |
## Lawful
### Iterator
| Rayon | ours | for example |
|---|---|---|
| `map` | `map`; [twice] | `par(xs).map([&](int x) { return x; }).sum()` |
| `find_any` | the first | `par(xs).find_any([](int x) { return x == 1 \|\| x == 2; })` |
### Pool
| `Pool::join` | `install` | `workers.install([] { join(f, g); });` |
## Exempt
| `Pool::index` | which thread | `xs[index("\n")] = 1;` |
## Left out
| Rayon | why |
|---|---|
| `drive`, `cloned` | plumbing; no [need] |
## What differs
| `sum` | this is | `no row` |
]=])
  file(WRITE "${test}" [=[
#include <vector>
TEST_CASE("rayon: map", "[par][rayon]") {
    const auto expected = f([] { return 1; });
    everywhere(expected, [&] {
        return par(xs).map([&](int x) {
            return x;
        }).sum();
    });
}

TEST_CASE("rayon: find_any", "[par]") {
    REQUIRE(par(xs).find_any([](int x) { return x == 1 || x == 2; }) == 1);  // the first
}

TEST_CASE("something else", "[.soak][par]") { REQUIRE(true); }

TEST_CASE("rayon: Pool::join", "[par]") {
    workers.install([] { join(f, g); });
    REQUIRE(done);
}
]=])
  file(WRITE "${WORK_DIR}/tests/from_rayon_pools_test.cpp" [=[
TEST_CASE("rayon: Pool::index", "[par]") {
    xs[index("\n")] = 1;
    REQUIRE_FALSE(failed);
}
]=])
  file(WRITE "${WORK_DIR}/tests/other_test.cpp" "TEST_CASE(\"rayon: not looked at\", \"[par]\") {}\n")
endfunction()

function(run_check status_var output_var)
  execute_process(COMMAND "${CMAKE_COMMAND}" "-DLIST=${list}" "-DGUIDE=${guide}" "-DTESTS=${WORK_DIR}/tests" -P "${script}"
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
  message(FATAL_ERROR "a list, a guide and tests that agree are refused:\n${output}")
endif()
expect_words("6 names: 3 lawful, 1 exempt, 2 left out; 4 tests")

# names and tables
change("${guide}" "| `find_any` |" "| `find_first` |")
expect_error("find_any (Iterator) stands in NO TABLE")
change("${guide}" "| `find_any` |" "| `find_first` |")
expect_error("find_first is lawful and not in the list of names")
change("${guide}" "| `drive`, `cloned` |" "| `drive` |")
expect_error("cloned (Iterator) stands in NO TABLE")
change("${guide}" "| `drive`, `cloned` |" "| `drive`, `cloned`, `map` |")
expect_error("map stands twice: it is lawful, and left out")
change("${guide}" "| `Pool::index` | which" "| `Pool::join` | which")
expect_error("Pool::join stands twice: it is lawful, and exempt")
change("${guide}" "## Left out" "## Left over")
expect_error("drive (Iterator) stands in NO TABLE")
change("${guide}" "3 lawful, 1 exempt" "4 lawful, 0 exempt")
expect_error("the guide says \"Names: 4 lawful, 0 exempt, 2 left out.\", and has 3 lawful, 1 exempt, 2 left out")
change("${guide}" "| the first |" "|  |")
expect_error("is not \"| `name` | ours | `line` |\"")
change("${guide}" "`workers.install([] { join(f, g); });`" "none yet")
expect_error("is not \"| `name` | ours | `line` |\"")
change("${guide}" "| plumbing; no [need] |" "| |")
expect_error("is not \"| `name`, `name` | reason |\"")

# the list
change("${list}" "Iterator find_any\n" "")
expect_error("list: Iterator has 3 names and says 4")
change("${list}" "Iterator find_any\n" "Iterator find_any\nIterator map\n")
expect_error("list: map is there twice")
change("${list}" "Iterator find_any\n" "Iterator find_any find_first\n")
expect_error("list: \"Iterator find_any find_first\" is not \"group name\"")
change("${list}" "Pool Pool::join\n" "Pools Pool::join\n")
expect_error("there is no line \"= Pools count\" before it")
file(WRITE "${list}" "# nothing\n")
expect_error("has no names")
file(REMOVE "${guide}")
expect_error("there is no ${guide}")

# the tests
change("${test}" "rayon: find_any" "rayon: finds any")
expect_error("find_any has NO TEST: no TEST_CASE(\"rayon: find_any\", ...) in from_rayon_*_test.cpp")
change("${test}" "rayon: find_any" "rayon: finds any")
expect_error("the test \"rayon: finds any\" (from_rayon_stages_test.cpp) belongs to no lawful or exempt name")
change("${test}" "TEST_CASE(\"rayon: find_any" "// TEST_CASE(\"rayon: find_any")
expect_error("find_any has NO TEST")
change("${test}" "x == 2" "x == 3")
expect_error("find_any: its test does not have the guide's line: par(xs).find_any([](int x) { return x == 1 || x == 2; })")
change("${guide}" ".map([&](int x)" ".map([=](int x)")
expect_error("map: its test does not have the guide's line: par(xs).map([=](int x) { return x; }).sum()")
change("${test}" "    workers.install" "    // workers.install")
expect_error("Pool::join: its test does not have the guide's line: workers.install([] { join(f, g); });")
change("${test}" "    REQUIRE(done);\n" "")
expect_error("Pool::join: its test (from_rayon_stages_test.cpp) requires nothing")
change("${test}" "    workers.install([] { join(f, g); });\n    REQUIRE(done);\n}\n" "    REQUIRE(done);\n}\nvoid unused() {\n    workers.install([] { join(f, g); });\n}\n")
expect_error("Pool::join: its test does not have the guide's line")
change("${test}" "rayon: find_any\", \"[par]" "rayon: find_any\", \"[.][par]")
expect_error("find_any: its test (from_rayon_stages_test.cpp) is hidden")
change("${test}" "rayon: find_any\"" "rayon: map\"")
expect_error("the test \"rayon: map\" is there twice")
change("${test}" "something else" "rayon: cloned")
expect_error("the test \"rayon: cloned\" (from_rayon_stages_test.cpp) belongs to no lawful or exempt name")
change("${test}" "#include <vector>" "#if 0")
expect_error("from_rayon_stages_test.cpp has a /* comment or an #if, behind which a test could hide")
change("${test}" "#include <vector>" "/* all of this */")
expect_error("from_rayon_stages_test.cpp has a /* comment or an #if, behind which a test could hide")
file(REMOVE "${WORK_DIR}/tests/from_rayon_pools_test.cpp")
expect_error("Pool::index has NO TEST")

file(REMOVE_RECURSE "${WORK_DIR}")
message(STATUS "${cases} expectations")
