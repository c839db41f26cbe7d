# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAMS=<program,program,...> -P same_bits.cmake: all must print the same.
cmake_minimum_required(VERSION 3.22)
string(REPLACE "," ";" programs "${PROGRAMS}")
list(LENGTH programs count)
if(count LESS 2)
  message(FATAL_ERROR "nothing to compare: ${PROGRAMS}")
endif()

function(compare name)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status STREQUAL "0")
    message(FATAL_ERROR "${name} ended with ${status}\n${output}")
  elseif(NOT output MATCHES "^streams +[0-9a-f]+\n.*integers +[0-9a-f]+\n$")
    message(FATAL_ERROR "${name} printed\n${output}")
  elseif(NOT DEFINED expected)
    set(expected "${output}" PARENT_SCOPE)
  elseif(NOT output STREQUAL expected)
    message(SEND_ERROR "${name} prints\n${output}and not\n${expected}")
  endif()
endfunction()

foreach(program IN LISTS programs)
  compare("${program}" "${program}")
endforeach()
# And as on a processor without an instruction for fma, where glibc computes it from integers.
list(GET programs 0 program)
compare("${program} without FMA in the C library" "${CMAKE_COMMAND}" -E env "GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2" "${program}")
