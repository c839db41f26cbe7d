# SPDX-License-Identifier: Apache-2.0
# Code blocks of the documentation are programs. A ```cpp block whose first line is
#   // @run      is compiled and run, and must exit 0; if the next block of the page is a ```text block, it must print that
#                ("…" stands for any text, on a line of its own for any lines)
#   // @compile  is only compiled, and needs no main
# Other blocks are left alone, except with ALL_MARKED (the README), where each must say which it is.
include_guard(GLOBAL)

# xrayon_doc_snippets(file.md [ALL_MARKED]): ctest entries doc.<file>.<n>, n counting the ```cpp blocks of the page from 1.
function(xrayon_doc_snippets page)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ALL_MARKED" "" "")
  set(path "${PROJECT_SOURCE_DIR}/${page}")
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  get_filename_component(stem "${page}" NAME_WE)
  set(folder "${PROJECT_BINARY_DIR}/doc_snippets")
  file(READ "${path}" rest)
  string(REPLACE "\r" "" rest "${rest}")
  set(rest "\n${rest}\n")
  set(line 0)       # lines before `rest`
  set(n 0)          # ```cpp blocks so far
  set(waiting "")   # a @run block whose output may come in the next block
  while(TRUE)
    # The opening fence, its language, the text up to the closing fence. By hand and not with MATCHALL, because code is full of
    # semicolons and brackets, which a CMake list would not survive.
    string(FIND "${rest}" "\n```" open)
    if(open EQUAL -1)
      break()
    endif()
    xrayon_cut(${open} before rest line)
    string(REGEX MATCH "^\n```([^\n]*)\n" fence "${rest}")
    set(language "${CMAKE_MATCH_1}")
    string(LENGTH "${fence}" length)
    math(EXPR length "${length} - 1")  # keep the newline: an empty block closes at once
    xrayon_cut(${length} before rest line)
    string(FIND "${rest}" "\n```" close)
    if(close EQUAL -1)
      message(FATAL_ERROR "${page}: the block that opens on line ${line} is never closed")
    endif()
    set(first_line ${line})
    xrayon_cut(${close} block rest line)
    string(SUBSTRING "${rest}" 4 -1 rest)  # behind the closing fence
    math(EXPR line "${line} + 1")

    if(waiting)
      set(expected "")
      if(language STREQUAL "text")
        set(expected "${folder}/${waiting}.expected")
        file(WRITE "${expected}" "${block}\n")
      endif()
      xrayon_add_output_test(${waiting} ${waiting} "${expected}")
      set(waiting "")
    endif()
    if(NOT language STREQUAL "cpp")
      continue()
    endif()

    math(EXPR n "${n} + 1")
    set(test doc.${stem}.${n})
    if(block MATCHES "^\n// @run\n")
      set(kind run)
    elseif(block MATCHES "^\n// @compile\n")
      set(kind compile)
    elseif(arg_ALL_MARKED)
      message(FATAL_ERROR "${page}:${first_line}: a cpp block must begin with the line \"// @run\" or \"// @compile\"")
    else()
      continue()
    endif()
    # Written anew only when it changed, so that an edit of the prose compiles nothing. Errors point into the page.
    math(EXPR first_code_line "${first_line} + 1")
    file(WRITE "${folder}/new.cpp" "#line ${first_code_line} \"${path}\"" "${block}\n")
    configure_file("${folder}/new.cpp" "${folder}/${test}.cpp" COPYONLY)
    if(kind STREQUAL "run")
      add_executable(${test} "${folder}/${test}.cpp")
      set(waiting ${test})
    else()
      add_library(${test} OBJECT "${folder}/${test}.cpp")
      add_test(NAME ${test} COMMAND "${CMAKE_COMMAND}" -E md5sum "$<TARGET_OBJECTS:${test}>")  # compiled by the build
      xrayon_set_test_defaults(${test})
    endif()
    xrayon_link_for_readers(${test})
    if(XRAYON_READERS_PCH)
      target_precompile_headers(${test} REUSE_FROM xrayon_readers_pch)
    endif()
    # A reader's code need not spell out each conversion, and shows values without using them.
    target_compile_options(${test} PRIVATE -Wno-conversion -Wno-unused-variable -Wno-unused-but-set-variable)
  endwhile()
  if(waiting)
    xrayon_add_output_test(${waiting} ${waiting} "")
  endif()
endfunction()

# Moves the first `length` characters of `rest` to `head` and counts their lines.
macro(xrayon_cut length head rest line)
  string(SUBSTRING "${${rest}}" 0 ${length} ${head})
  string(SUBSTRING "${${rest}}" ${length} -1 ${rest})
  string(REGEX REPLACE "[^\n]" "" cut_lines "${${head}}")
  string(LENGTH "${cut_lines}" cut_lines)
  math(EXPR ${line} "${${line}} + ${cut_lines}")
endmacro()
