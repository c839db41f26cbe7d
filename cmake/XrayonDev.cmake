# SPDX-License-Identifier: Apache-2.0
# How our own programs are built: warnings, sanitizers, ccache, and one function per kind of target. Users never see any of it.
#
#   xrayon_test_modules(core exec ...)                    every tests/<module>/*_test.cpp not named in a line of its own
#   xrayon_test(ml batch_inference)                       tests/ml/batch_inference_test.cpp    -> ctest xrayon.ml.batch_inference
#   xrayon_example(020_batch_inference)                   examples/020_batch_inference.cpp     -> ctest example.020_batch_inference
#   xrayon_bench(ml batch_inference)                      benches/ml/batch_inference_bench.cpp -> program bench.ml.batch_inference
#   xrayon_compile_fail(mutating_model "batch_predictor") tests/compile_fail/mutating_model.cpp -> ctest compile_fail.mutating_model
#   xrayon_program(xrayon-doctor xrayon_doctor.cpp)       src/xrayon_doctor.cpp                -> bin/xrayon-doctor
#   xrayon_doc_snippets(README.md)                        its marked code blocks               -> ctest doc.README.<n>
include_guard(GLOBAL)

# ccache, when it is there and nobody chose a launcher. The two sloppinesses are what it needs to work with precompiled headers.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT DEFINED ENV{CMAKE_CXX_COMPILER_LAUNCHER})
  find_program(XRAYON_CCACHE ccache)
  find_program(XRAYON_ENV env)
  mark_as_advanced(XRAYON_CCACHE XRAYON_ENV)
  if(XRAYON_CCACHE AND XRAYON_ENV)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${XRAYON_ENV}" "CCACHE_SLOPPINESS=pch_defines,time_macros" "${XRAYON_CCACHE}")
  endif()
endif()

add_library(xrayon_sanitizers INTERFACE)
if(XRAYON_SANITIZE)  # a plain if: the comma of "address,undefined" would split a generator expression
  target_compile_options(xrayon_sanitizers INTERFACE "-fsanitize=${XRAYON_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(xrayon_sanitizers INTERFACE "-fsanitize=${XRAYON_SANITIZE}")
  if(XRAYON_SANITIZE MATCHES "address")
    target_compile_definitions(xrayon_sanitizers INTERFACE _GLIBCXX_ASSERTIONS XTENSOR_ENABLE_ASSERT)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # which says so by __has_feature alone, before version 21
    foreach(sanitizer address thread)
      if(XRAYON_SANITIZE MATCHES "${sanitizer}")
        string(TOUPPER "${sanitizer}" sanitizer)
        target_compile_definitions(xrayon_sanitizers INTERFACE __SANITIZE_${sanitizer}__=1)
      endif()
    endforeach()
  endif()
  if(XRAYON_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(xrayon_sanitizers INTERFACE -Wno-tsan)  # g++ says of each fence that it cannot follow it; so do oneTBB's headers
  endif()
endif()

add_library(xrayon_dev INTERFACE)
target_link_libraries(xrayon_dev INTERFACE xrayon::xrayon xrayon_sanitizers)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(xrayon_dev INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(XRAYON_WERROR)
    target_compile_options(xrayon_dev INTERFACE -Werror)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(xrayon_dev INTERFACE -fconcepts-diagnostics-depth=2)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees overruns in correct uses of std::string (GCC bugs 105329, 105651). The real ones are AddressSanitizer's to find.
    target_compile_options(xrayon_dev INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  endif()
endif()

# What every process that ctest starts sees: none of the caller's thread settings, and idle OpenMP workers that sleep.
set(XRAYON_TEST_ENVIRONMENT
  "XRAYON_NUM_THREADS=unset:" "OPENBLAS_NUM_THREADS=unset:" "OMP_NUM_THREADS=unset:" "OMP_WAIT_POLICY=set:passive")
# Sanitizers slow the code down; a limit is there for hangs, not for slowness.
set(XRAYON_TEST_SECONDS 120)
if(XRAYON_SANITIZE)
  set(XRAYON_TEST_SECONDS 600)
  list(APPEND XRAYON_TEST_ENVIRONMENT
    "LSAN_OPTIONS=set:suppressions=${PROJECT_SOURCE_DIR}/cmake/suppressions/lsan.suppressions:print_suppressions=0")
  # ThreadSanitizer says nothing of a race whose other stack has left its history, and on a busy machine the short default forgets half
  # of the planted ones: all the history there is.
  set(tsan_options "halt_on_error=1:second_deadlock_stack=1:history_size=7")
  find_program(XRAYON_ADDR2LINE addr2line)
  mark_as_advanced(XRAYON_ADDR2LINE)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND XRAYON_ADDR2LINE)  # clang's reports ask for llvm-symbolizer, which may not be there
    string(APPEND tsan_options ":external_symbolizer_path=${XRAYON_ADDR2LINE}")
    list(APPEND XRAYON_TEST_ENVIRONMENT "ASAN_OPTIONS=path_list_prepend:external_symbolizer_path=${XRAYON_ADDR2LINE}")
  endif()
  list(APPEND XRAYON_TEST_ENVIRONMENT "TSAN_OPTIONS=path_list_prepend:${tsan_options}")
endif()

function(xrayon_set_test_defaults)
  foreach(test IN LISTS ARGN)
    set_tests_properties(${test} PROPERTIES TIMEOUT ${XRAYON_TEST_SECONDS} ENVIRONMENT_MODIFICATION "${XRAYON_TEST_ENVIRONMENT}")
  endforeach()
endfunction()

# Adds a test program: Catch2's main, the shared precompiled header, our warnings.
function(xrayon_add_test_program target)
  add_executable(${target} "$<TARGET_OBJECTS:xrayon_test_main>")
  target_link_libraries(${target} PRIVATE xrayon_dev Catch2::Catch2)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  if(XRAYON_PCH)
    target_precompile_headers(${target} REUSE_FROM xrayon_test_pch)
  endif()
endfunction()

# xrayon_test(module name [LIBS lib...] [DEFS def...])
# One program per module, because a test file costs less to compile than to link and start; one ctest entry per file. A test
# that needs more than the library (LIBS, DEFS) is a program of its own; it is left out, with a line, where a library is absent.
function(xrayon_test module name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBS;DEFS")
  set(source "${PROJECT_SOURCE_DIR}/tests/${module}/${name}_test.cpp")
  set_property(GLOBAL APPEND PROPERTY xrayon_tests_seen "${source}")
  if((XRAYON_TEST_MODULES AND NOT module IN_LIST XRAYON_TEST_MODULES)
     OR (XRAYON_TEST_LEAVE_OUT AND "${module}/${name}" MATCHES "${XRAYON_TEST_LEAVE_OUT}"))
    return()
  endif()
  if(XRAYON_SANITIZE MATCHES "thread" AND "XRAYON_TEST_COUNTS_MEMORY" IN_LIST arg_DEFS)
    return()  # ThreadSanitizer brings an operator new of its own
  endif()
  foreach(lib IN LISTS arg_LIBS)
    if(lib MATCHES "::" AND NOT TARGET ${lib})
      message(STATUS "xrayon.${module}.${name} is left out: no ${lib}")
      return()
    endif()
  endforeach()
  set(program xrayon.${module})
  if(arg_LIBS OR arg_DEFS)
    set(program xrayon.${module}.${name})
  endif()
  if(NOT TARGET ${program})
    xrayon_add_test_program(${program})
    # Hidden tests tagged [.soak] run for minutes, and only with `ctest -C Soak`.
    add_test(NAME soak.${program} COMMAND ${program} "[soak]" ${XRAYON_CATCH_MAY_BE_EMPTY} --durations yes CONFIGURATIONS Soak)
    set_tests_properties(soak.${program} PROPERTIES
      TIMEOUT 7200 LABELS soak ENVIRONMENT_MODIFICATION "${XRAYON_TEST_ENVIRONMENT};XRAYON_TEST_CASE_SECONDS=set:3600")
  endif()
  target_link_libraries(${program} PRIVATE ${arg_LIBS})
  target_compile_definitions(${program} PRIVATE ${arg_DEFS})
  if(XRAYON_TEST_UNOPTIMISED AND "${module}/${name}" MATCHES "${XRAYON_TEST_UNOPTIMISED}")
    set(objects ${program}.unoptimised)
    if(NOT TARGET ${objects})
      add_library(${objects} OBJECT)
      target_link_libraries(${objects} PRIVATE xrayon_dev Catch2::Catch2 ${arg_LIBS})
      target_compile_definitions(${objects} PRIVATE ${arg_DEFS})
      target_include_directories(${objects} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
      target_compile_options(${objects} PRIVATE -O0)
      if(XRAYON_PCH)
        target_precompile_headers(${objects} REUSE_FROM xrayon_test_pch_unoptimised)
      endif()
      target_sources(${program} PRIVATE "$<TARGET_OBJECTS:${objects}>")
    endif()
    target_sources(${objects} PRIVATE "${source}")
  else()
    target_sources(${program} PRIVATE "${source}")
  endif()
  set(test xrayon.${module}.${name})
  add_test(NAME ${test} COMMAND ${program} --filenames-as-tags "[#${name}_test]~[.]" ${XRAYON_CATCH_MUST_RUN} --durations yes)
  math(EXPR case_seconds "${XRAYON_TEST_SECONDS} - 10")  # so that the program itself says which test case hangs
  set_tests_properties(${test} PROPERTIES
    TIMEOUT ${XRAYON_TEST_SECONDS} LABELS "${module}"
    ENVIRONMENT_MODIFICATION "${XRAYON_TEST_ENVIRONMENT};XRAYON_TEST_CASE_SECONDS=set:${case_seconds}")
endfunction()

# All tests of these modules that have no line of their own. A glob, so that no test file can be forgotten.
function(xrayon_test_modules)
  foreach(module IN LISTS ARGN)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${module}/*_test.cpp")
    get_property(seen GLOBAL PROPERTY xrayon_tests_seen)
    foreach(source IN LISTS sources)
      if(NOT source IN_LIST seen)
        get_filename_component(name "${source}" NAME_WE)
        string(REGEX REPLACE "_test$" "" name "${name}")
        xrayon_test(${module} ${name})
      endif()
    endforeach()
  endforeach()
endfunction()

# Programs for readers (examples, documentation) use BLAS where it is there.
function(xrayon_link_for_readers target)
  target_link_libraries(${target} PRIVATE xrayon_dev)
  if(TARGET xrayon::blas)
    target_link_libraries(${target} PRIVATE xrayon::blas)
  endif()
  if(NOT XRAYON_OPTIMISE_READERS)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# Adds a ctest entry that runs a program in the root of the tree, as a reader would, and compares what it prints with a file.
# Trailing blanks do not count; "…" stands for any text, on a line of its own for any lines.
function(xrayon_add_output_test test program expected_file)
  add_test(NAME ${test} COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:${program}>" "-DEXPECTED=${expected_file}"
    -P "${PROJECT_SOURCE_DIR}/cmake/check_output.cmake" WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  xrayon_set_test_defaults(${test})
endfunction()

# xrayon_example(name ["regular expression"] [LIBS lib...])
# Without an expression the file ends with what it prints, as comment lines after the line "// Output:".
function(xrayon_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  set(source "${PROJECT_SOURCE_DIR}/examples/${name}.cpp")
  add_executable(example.${name} "${source}")
  xrayon_link_for_readers(example.${name})
  target_link_libraries(example.${name} PRIVATE ${arg_LIBS})
  if(TARGET xrayon_readers_pch)
    target_precompile_headers(example.${name} REUSE_FROM xrayon_readers_pch)
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    add_test(NAME example.${name} COMMAND example.${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    xrayon_set_test_defaults(example.${name})
    set_tests_properties(example.${name} PROPERTIES PASS_REGULAR_EXPRESSION "${arg_UNPARSED_ARGUMENTS}")
    return()
  endif()
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(READ "${source}" text)
  string(FIND "${text}" "\n// Output:\n" at REVERSE)
  if(at EQUAL -1)
    message(FATAL_ERROR "examples/${name}.cpp: ends without the line \"// Output:\" and what it prints")
  endif()
  string(SUBSTRING "${text}" ${at} -1 text)
  string(REGEX REPLACE "^\n// Output:\n" "" text "${text}")
  string(REGEX REPLACE "(^|\n)// ?" "\\1" text "${text}")
  file(WRITE "${PROJECT_BINARY_DIR}/examples/${name}.expected" "${text}")
  xrayon_add_output_test(example.${name} example.${name} "${PROJECT_BINARY_DIR}/examples/${name}.expected")
endfunction()

# xrayon_bench(module name [LIBS lib...]); module "." for a file right under benches/
function(xrayon_bench module name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBS")
  set(target bench.${module}.${name})
  if(module STREQUAL ".")
    set(target bench.${name})
  endif()
  add_executable(${target} "${PROJECT_SOURCE_DIR}/benches/${module}/${name}_bench.cpp")
  xrayon_link_for_readers(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/benches")
  target_link_libraries(${target} PRIVATE benchmark::benchmark benchmark::benchmark_main ${arg_LIBS})
  if(TARGET OpenMP::OpenMP_CXX)  # for rivals
    target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
  endif()
endfunction()

# Writes a response file with the include paths and definitions of a target, for tests that call the compiler themselves.
function(xrayon_write_flags target file)
  set(includes "$<REMOVE_DUPLICATES:$<FILTER:$<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>,EXCLUDE,^/usr/include$>>")
  set(definitions "$<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>")
  file(GENERATE OUTPUT "${file}" CONTENT
    "$<$<BOOL:${includes}>:\"-I$<JOIN:${includes},\"\n\"-I>\"\n>$<$<BOOL:${definitions}>:\"-D$<JOIN:${definitions},\"\n\"-D>\"\n>")
endfunction()

# xrayon_compile_fail(name "regular expression for the compiler's message" [LIBS lib...])
# tests/compile_fail/<name>.cpp compiles as it is (as part of the build) and fails with -DXRAYON_SHOULD_FAIL, for the reason given.
function(xrayon_compile_fail name message)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBS")
  foreach(lib IN LISTS arg_LIBS)
    if(lib MATCHES "::" AND NOT TARGET ${lib})
      message(STATUS "compile_fail.${name} is left out: no ${lib}")
      return()
    endif()
  endforeach()
  set(source "${PROJECT_SOURCE_DIR}/tests/compile_fail/${name}.cpp")
  set(target compile_ok.${name})
  add_library(${target} OBJECT "${source}")
  target_link_libraries(${target} PRIVATE xrayon_dev ${arg_LIBS})
  target_compile_options(${target} PRIVATE -O0)
  if(XRAYON_READERS_PCH)
    target_precompile_headers(${target} REUSE_FROM xrayon_readers_pch)
  endif()
  # The compiler is called directly, without the build tool: no lock on the build tree, and all of these run side by side.
  set(flags "${PROJECT_BINARY_DIR}/compile_fail/${name}-$<CONFIG>.rsp")
  xrayon_write_flags(${target} "${flags}")
  add_test(NAME compile_fail.${name} COMMAND "${CMAKE_COMMAND}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DSTANDARD=${CMAKE_CXX20_STANDARD_COMPILE_OPTION}" "-DFLAGS=${flags}"
    "-DSOURCE=${source}" "-DMESSAGE=${message}" -P "${PROJECT_SOURCE_DIR}/cmake/check_compile_fail.cmake")
  xrayon_set_test_defaults(compile_fail.${name})
  set_tests_properties(compile_fail.${name} PROPERTIES LABELS compile_fail)
endfunction()

# xrayon_program(name source... [LIBS lib...]): a program that ships with the library, left out where one of LIBS is absent.
function(xrayon_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  foreach(lib IN LISTS arg_LIBS)
    if(lib MATCHES "::" AND NOT TARGET ${lib})
      message(STATUS "${name} is left out: no ${lib}")
      return()
    endif()
  endforeach()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE xrayon_dev ${arg_LIBS})
  # Where shipped data lies: relative to an installed program, or in the tree it was built from.
  file(RELATIVE_PATH from_bin "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_DATADIR}/xrayon")
  target_compile_definitions(${name} PRIVATE
    "XRAYON_DATA_FROM_PROGRAM=\"${from_bin}\"" "XRAYON_DATA_IN_TREE=\"${PROJECT_SOURCE_DIR}/examples/data\"")
  if(XRAYON_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
  endif()
endfunction()

include(XrayonDocSnippets)
